package awsfault

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/ports"
)

// ExamineCredentials judges how AWS credentials are obtained. hasRole is true if a role
// is assumed.
func ExamineCredentials(ctx context.Context, credentials ports.CredentialProvider, hasRole bool, variable func(string) string) ports.Examined {
	_, err := credentials.Retrieve(ctx)
	switch {
	case err == nil && hasRole:
		return examine.Pass("the role of " + variable("ROLE_ARN") + " is given to the caller")
	case err == nil:
		return examine.Pass("no role is set: the caller's own credentials are used")
	}
	found := examine.Fail(err.Error(), "give the AWS SDK credentials: AWS_PROFILE, or `aws sso login`")
	if hasRole {
		found.Remedy = "let the trust policy of " + variable("ROLE_ARN") + " name the function's role with this external ID, and the function's role allow sts:AssumeRole on it"
	}
	if fault, ok := errors.AsType[*Fault](err); ok {
		found.NotPermitted = hasRole && isDenied(fault.Code)
	}
	return found
}

func isDenied(code string) bool {
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "NotAuthorized", "NotAuthorizedException", "UnauthorizedOperation"}, code)
}

// Denied reports whether AWS rejected a call because a permission is missing.
func Denied(err error) bool {
	fault, ok := errors.AsType[*Fault](err)
	return ok && isDenied(fault.Code)
}

// NotFound reports whether AWS has no such resource.
func NotFound(err error) bool {
	fault, ok := errors.AsType[*Fault](err)
	return ok && strings.HasSuffix(fault.Code, "NotFoundException")
}
