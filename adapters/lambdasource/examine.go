package lambdasource

import (
	"context"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("lambda", examined) }

func examined(ctx context.Context, subject examine.Subject[*configured]) []ports.Examined {
	e := examination{Subject: subject}
	return examine.Run(ctx,
		examine.One(ports.AspectCredentials, e.credentials),
		examine.One(ports.AspectReached, e.reached),
		examine.One(ports.AspectLookUp, e.lookUp),
	)
}

// examination examines one function.
type examination struct {
	examine.Subject[*configured]
	source ports.Source
}

// credentials opens the function, and obtains the credentials for it.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	source, credentials, err := e.Settings.open(ctx, e.Options)
	if err != nil {
		return examine.Fail(err.Error(), "give the AWS SDK credentials and a region: AWS_PROFILE, AWS_REGION, "+e.Variable("REGION"))
	}
	e.source = source
	return awsfault.ExamineCredentials(ctx, credentials, e.Settings.Role.RoleARN != "", e.Variable)
}

// reached asks Lambda by a dry run whether the function may be invoked.
func (e *examination) reached(ctx context.Context) ports.Examined {
	err := e.source.Warm(ctx)
	function, region := e.Variable("FUNCTION"), e.Variable("REGION")
	switch {
	case err == nil:
		return examine.Pass("the function exists, and the caller may invoke it")
	case awsfault.NotFound(err):
		return examine.Fail(err.Error(), "correct "+function+", "+e.Variable("QUALIFIER")+" and "+region+": this account and region have no such function")
	case awsfault.StaleCredentials(err):
		return examine.Fail(err.Error(), "log in again, or check the access key: AWS rejects the credentials")
	case awsfault.Denied(err):
		return examine.Fail(err.Error(), "allow lambda:InvokeFunction on the function; with a qualifier, on that too")
	default:
		return examine.Fail(err.Error(), "check "+region+", and the way to Lambda: in a VPC, an endpoint or a NAT gateway")
	}
}

// lookUp invokes the function for one identifier, without a password.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	finding, err := e.source.Directory.FindUser(ctx, e.Probe.Username)
	if err != nil {
		return examine.Fail(err.Error(), "look at the log of the function of "+e.Variable("FUNCTION")+", and its timeout; docs/sources/lambda.md says what it must return")
	}
	return examine.Found(e.Probe, finding, e.Options.Rules, nil)
}
