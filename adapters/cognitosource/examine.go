package cognitosource

import (
	"context"
	"errors"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("cognito", examined) }

func examined(ctx context.Context, subject examine.Subject[*configured]) []ports.Examined {
	e := examination{Subject: subject}
	return examine.Run(ctx,
		examine.One(ports.AspectCredentials, e.credentials),
		[]examine.Step{{Aspect: ports.AspectLookUp, Question: e.lookUp}, {Aspect: ports.AspectReached, Question: e.client}},
	)
}

// examination examines one user pool.
type examination struct {
	examine.Subject[*configured]
	directory *Directory
}

func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, _, err := e.Settings.open(ctx, e.Options)
	if err != nil {
		return examine.Fail(err.Error(), "give the AWS SDK credentials: AWS_PROFILE, or `aws sso login`")
	}
	e.directory = directory
	return awsfault.ExamineCredentials(ctx, directory.caller.Credentials, e.Settings.Role.RoleARN != "", e.Variable)
}

// lookUp asks for the probe's profile.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	finding, err := e.directory.FindUser(ctx, e.Probe.Username)
	if err != nil {
		return examine.Fail(err.Error(), e.remedy(err, "cognito-idp:AdminGetUser"))
	}
	return examine.Found(e.Probe, finding, e.Options.Rules, nil)
}

// client signs in as a user who does not exist. Cognito checks the app client, its
// secret and its flows first.
func (e *examination) client(ctx context.Context) ports.Examined {
	username, password := examine.Stranger()
	finding, err := e.directory.Authenticate(ctx, username, password)
	if err != nil {
		return examine.Fail(err.Error(), e.remedy(err, "cognito-idp:AdminInitiateAuth"))
	}
	return examine.Refusal{
		Service: "the user pool", Saw: "the user pool accepts the app client, and refuses an unknown user",
		IfAccepted: "check the triggers of the user pool, such as its own user migration trigger", IfOther: "check the triggers of the user pool",
		Expected: []domain.FindingKind{domain.SignInDenied},
	}.Judge(finding.Kind)
}

func (e *examination) remedy(err error, permission string) string {
	fault, _ := errors.AsType[*Error](err)
	switch {
	case awsfault.Denied(err) && fault.Code == "NotAuthorizedException":
		return "correct " + e.Variable("CLIENT_ID") + " and " + e.Variable("CLIENT_SECRET") + ": the secret is not the app client's"
	case awsfault.Denied(err):
		return "allow the role " + permission + " on the user pool"
	case awsfault.NotFound(err):
		return "correct " + e.Variable("USER_POOL_ID") + ", " + e.Variable("REGION") + " and " + e.Variable("CLIENT_ID")
	case fault != nil && fault.Code == "InvalidParameterException":
		return "allow ALLOW_ADMIN_USER_PASSWORD_AUTH on the source's app client"
	}
	return "check the network and the user pool"
}
