package setup

import (
	"context"
	"errors"
)

// Errors of calls without a response, or that AWS rejected because of the
// caller's own credentials, matched by errors.Is.
var (
	// ErrNoCredentials: the SDK found no credentials at all.
	ErrNoCredentials = errors.New("no AWS credentials were found")
	// ErrNoProfile: the AWS configuration has no profile with the given name.
	ErrNoProfile = errors.New("there is no AWS profile of this name")
	// ErrExpired: the credentials or the session behind them have expired.
	ErrExpired = errors.New("the AWS credentials have expired")
	// ErrRejected: AWS does not know the credentials, or the signature is
	// wrong.
	ErrRejected = errors.New("AWS rejects the credentials")
	// ErrNoRegion: no AWS region is configured.
	ErrNoRegion = errors.New("no AWS region is set")
	// ErrUnreachable: no connection to AWS could be made.
	ErrUnreachable = errors.New("AWS cannot be reached")
)

// RemedyOf returns what the operator can do about a call that failed with err. It
// is empty if that depends on the call.
func RemedyOf(err error) string {
	for _, known := range []struct {
		kind   error
		remedy string
	}{
		{ErrNoCredentials, "set AWS_PROFILE to a profile of the account, or run `aws sso login` or `aws configure`"},
		{ErrNoProfile, "correct the profile's name; `aws configure list-profiles` lists those that there are"},
		{ErrExpired, "log in again, for example with `aws sso login`, and repeat the command"},
		{ErrRejected, "check the access key of the profile; `aws sts get-caller-identity` shows whether it works"},
		{ErrNoRegion, "set AWS_REGION, or give --destination-region"},
		{ErrUnreachable, "check the network, the proxy (HTTPS_PROXY) and AWS_ENDPOINT_URL; the credentials were not looked at"},
		{context.DeadlineExceeded, "check the network, the VPN and the proxy (HTTPS_PROXY), then try again; --timeout allows more time"},
	} {
		if errors.Is(err, known.kind) {
			return known.remedy
		}
	}
	return ""
}
