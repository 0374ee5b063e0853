package cognitosource

import (
	"context"
	"crypto/rand"
	"errors"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner {
	return parts.Examiner{Kind: "cognito", Examine: func(ctx context.Context, settings parts.SourceSettings, options parts.SourceOptions, probe ports.Probe) []ports.Examined {
		given, ok := settings.(*configured)
		if !ok {
			return nil
		}
		e := examination{configured: given, options: options, probe: probe}
		return examine.Run(ctx,
			examine.One(ports.AspectCredentials, e.credentials),
			[]examine.Step{{Aspect: ports.AspectLookUp, Question: e.lookUp}, {Aspect: ports.AspectReached, Question: e.client}},
		)
	}}
}

// examination examines one user pool.
type examination struct {
	*configured
	options parts.SourceOptions
	probe   ports.Probe
	source  ports.Source
}

func (e *examination) credentials(ctx context.Context) ports.Examined {
	source, err := e.Open(ctx, e.options)
	if err != nil {
		return examine.Fail(err.Error(), "give the AWS SDK credentials: AWS_PROFILE, or `aws sso login`")
	}
	e.source = source
	credentials, err := e.account.Credentials(ctx, e.Role, e.ServiceRegion())
	if err != nil {
		return examine.Fail(err.Error(), "correct the settings of the role")
	}
	return awsfault.ExamineCredentials(ctx, credentials, e.Role.RoleARN != "", e.probe.Variable)
}

// lookUp asks for the probe's profile.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	finding, err := e.source.Directory.FindUser(ctx, e.probe.Username)
	if err != nil {
		return examine.Fail(err.Error(), e.remedy(err, "cognito-idp:AdminGetUser"))
	}
	return examine.Found(e.probe, finding, e.options.Rules, nil)
}

// client signs in as a user who does not exist, with a random text
// as password. Cognito checks the app client, its secret and its flows first.
func (e *examination) client(ctx context.Context) ports.Examined {
	_, err := e.source.Directory.Authenticate(ctx, "migratectl-doctor-"+rand.Text(), domain.NewPassword("-"+rand.Text()))
	if err != nil {
		return examine.Fail(err.Error(), e.remedy(err, "cognito-idp:AdminInitiateAuth"))
	}
	return examine.Pass("the user pool accepts the app client, and refuses an unknown user")
}

func (e *examination) remedy(err error, permission string) string {
	client := e.probe.Variable("CLIENT_ID") + " and " + e.probe.Variable("CLIENT_SECRET")
	fault, _ := errors.AsType[*Error](err)
	switch {
	case awsfault.Denied(err) && fault.Code == "NotAuthorizedException":
		return "correct " + client + ": the secret is not the app client's"
	case awsfault.Denied(err):
		return "allow the role " + permission + " on the user pool"
	case awsfault.NotFound(err):
		return "correct " + e.probe.Variable("USER_POOL_ID") + ", " + e.probe.Variable("REGION") + " and " + e.probe.Variable("CLIENT_ID")
	case fault != nil && fault.Code == "InvalidParameterException":
		return "allow ALLOW_ADMIN_USER_PASSWORD_AUTH on the source's app client"
	}
	return "check the network and the user pool"
}
