package main

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/app"
	"cognito-user-migration/app/doctor"
	"cognito-user-migration/app/everything"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/ports"
)

// chained are the sources to examine. A single user pool has checks of its own,
// unless the operator names a user to look up.
func chained(ctx context.Context, given doctorFlags, settings doctor.Settings, environ []string) []doctor.ChainedSource {
	if settings.Unread || settings.SourceKind == "" {
		return nil
	}
	configuration, err := app.Load(ctx, binary(), trial.OnlyDeciding(environ))
	if err != nil {
		return nil // the check of the configuration reports it
	}
	if len(configuration.Sources) == 1 && settings.Source != nil && given.lookUp == "" {
		return nil
	}
	probe := ports.Probe{Username: "migratectl-doctor-" + strings.ToLower(rand.Text()), Now: time.Now(), CountsAttempts: settings.Lockout.Table != ""}
	for _, name := range []string{given.user, given.lookUp} {
		if name != "" {
			probe.Username, probe.Exists = name, true
		}
	}
	var chain []doctor.ChainedSource
	for _, source := range configuration.Sources {
		one := doctor.ChainedSource{Name: source.Name, LooksUp: source.Settings.LooksUp(), Takes: migrate.ParseMatch(source.Match).Takes}
		unknown := slices.ContainsFunc(settings.SetAside, func(variable string) bool { return strings.HasPrefix(variable, source.Name+"_") })
		if !unknown {
			one.Examine = func(ctx context.Context) []ports.Examined {
				return app.Examine(ctx, configuration, source, everything.Examiners(), probe)
			}
			one.Open = func(ctx context.Context) (ports.Source, error) { return app.OpenNamed(ctx, configuration, source.Name) }
		}
		chain = append(chain, one)
	}
	return chain
}
