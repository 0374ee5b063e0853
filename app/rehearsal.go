package app

import (
	"context"
	"io"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/adapters/metrics"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// rehearse lets a sign-in that nobody has asked for go through a function of its
// own: the source asks nobody, what is written goes nowhere. Lambda loads an
// image as it is read, and gives a start a whole processor, an invocation a part
// of one: what this has loaded and made, the first attempt finds. Where no source
// can be rehearsed with, nothing is done.
func rehearse(ctx context.Context, opened sources, configuration *config.Config) error {
	for _, source := range opened {
		if source.Rehearsal == nil {
			continue
		}
		directory := source.Rehearsal()
		if directory == nil {
			continue
		}
		_, err := rehearsal(directory, configuration).Invoke(ctx, []byte(rehearsalEvent))
		return err
	}
	return nil
}

// rehearsal is the function of a rehearsal.
func rehearsal(directory ports.SourceDirectory, configuration *config.Config) *lambdatrigger.Handler {
	logger := NewLog(io.Discard, "")
	audit := records{sinks: []namedRecorder{
		{name: "log", recorder: auditlog.New(logger, configuration.Audit.Format, ports.AuditOrigin{})},
		{name: "metrics", recorder: metrics.New(io.Discard, "rehearsal")},
	}}
	migrator := migrate.New(migrate.Chain{{Source: ports.Source{Directory: directory}}}, audit, migrate.Options{
		Rules:         configuration.Rules,
		Pseudonymizer: domain.NewPseudonymizer(configuration.Audit.Username, domain.NewSecret("rehearsal")),
	})
	return lambdatrigger.New(migrator, logger, lambdatrigger.Options{})
}

const rehearsalEvent = `{"version":"1","triggerSource":"UserMigration_Authentication","region":"us-east-1","userPoolId":"us-east-1_rehearsal",` +
	`"userName":"rehearsal","callerContext":{"awsSdkVersion":"rehearsal","clientId":"rehearsal"},` +
	`"request":{"password":"rehearsal","validationData":null,"userAttributes":null},` +
	`"response":{"userAttributes":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null,"forceAliasCreation":null}}`
