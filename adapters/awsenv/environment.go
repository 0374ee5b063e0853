package awsenv

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Variables have the names of the "AWS SDKs and Tools Reference Guide", and the
// older names that the SDK also accepts.

// reader reads variables and collects errors. An empty value counts as not set.
type reader struct {
	problems []error
}

func (r *reader) problem(name, takes string) {
	r.problems = append(r.problems, fmt.Errorf("%s: expected %s", name, takes))
}

// choice returns one of the words, or an empty string.
func choice[T ~string](r *reader, name string, words ...T) T {
	value := os.Getenv(name)
	for _, word := range words {
		if value == "" || strings.EqualFold(value, string(word)) {
			return T(strings.ToLower(value))
		}
	}
	r.problem(name, fmt.Sprintf("one of: %v", words))
	return ""
}

// is returns true or false; false if the variable is not set.
func (r *reader) is(name string) bool {
	return choice(r, name, "true", "false") == "true"
}

// number returns a whole number within the bounds, or the default other.
func (r *reader) number(name string, least, largest, other int64) int64 {
	value := os.Getenv(name)
	if value == "" {
		return other
	}
	number, err := strconv.ParseInt(value, 10, 64)
	if err != nil || number < least || number > largest {
		r.problem(name, fmt.Sprintf("a number from %d to %d", least, largest))
	}
	return number
}

// endpoints implements the SDK's interfaces of a configuration source, for the
// settings of endpoints.
type endpoints struct {
	ignore          bool
	dualStack, fips string
	discovery       string
}

// GetIgnoreConfiguredEndpoints implements the SDK's interface of that name.
func (e endpoints) GetIgnoreConfiguredEndpoints(context.Context) (ignore, found bool, err error) {
	return e.ignore, e.ignore, nil
}

// GetServiceBaseEndpoint implements the SDK's interface of that name. The
// argument is the SDK's name of the service, such as "Cognito Identity
// Provider".
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (endpoint string, found bool, err error) {
	endpoint = os.Getenv("AWS_ENDPOINT_URL_" + strings.ReplaceAll(strings.ToUpper(service), " ", "_"))
	return endpoint, endpoint != "", nil
}

// GetUseDualStackEndpoint implements the SDK's interface of that name.
func (e endpoints) GetUseDualStackEndpoint(context.Context) (state aws.DualStackEndpointState, found bool, err error) {
	state, found = map[string]aws.DualStackEndpointState{"true": aws.DualStackEndpointStateEnabled, "false": aws.DualStackEndpointStateDisabled}[e.dualStack]
	return state, found, nil
}

// GetUseFIPSEndpoint implements the SDK's interface of that name.
func (e endpoints) GetUseFIPSEndpoint(context.Context) (state aws.FIPSEndpointState, found bool, err error) {
	state, found = map[string]aws.FIPSEndpointState{"true": aws.FIPSEndpointStateEnabled, "false": aws.FIPSEndpointStateDisabled}[e.fips]
	return state, found, nil
}

// GetEnableEndpointDiscovery implements the SDK's interface of that name.
func (e endpoints) GetEnableEndpointDiscovery(context.Context) (state aws.EndpointDiscoveryEnableState, found bool, err error) {
	state, found = map[string]aws.EndpointDiscoveryEnableState{
		"true": aws.EndpointDiscoveryEnabled, "false": aws.EndpointDiscoveryDisabled, "auto": aws.EndpointDiscoveryAuto,
	}[e.discovery]
	return state, found, nil
}

// keys returns the access keys in the environment, if there are any.
func keys() aws.Credentials {
	held := aws.Credentials{
		AccessKeyID:     cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_ACCESS_KEY")),
		SecretAccessKey: cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SECRET_KEY")),
		Source:          "EnvConfigCredentials", // the SDK's name of this source
	}
	if held.HasKeys() {
		held.AccountID = os.Getenv("AWS_ACCOUNT_ID")
		held.SessionToken = os.Getenv("AWS_SESSION_TOKEN")
	}
	return held
}

// schemes lists the preferred signing schemes.
func schemes() []string {
	var names []string
	for name := range strings.SplitSeq(os.Getenv("AWS_AUTH_SCHEME_PREFERENCE"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// retryMode returns the SDK's retry mode. Adapters of this project use their
// own.
func (r *reader) retryMode() aws.RetryMode {
	value := os.Getenv("AWS_RETRY_MODE")
	if value == "" {
		return ""
	}
	mode, err := aws.ParseRetryMode(value)
	if err != nil {
		r.problem("AWS_RETRY_MODE", "standard or adaptive")
	}
	return mode
}

// defaultsMode returns the SDK's defaults mode.
func (r *reader) defaultsMode() aws.DefaultsMode {
	mode := aws.DefaultsModeLegacy
	if value := os.Getenv("AWS_DEFAULTS_MODE"); value != "" && !mode.SetFromString(value) {
		r.problem("AWS_DEFAULTS_MODE", "auto, cross-region, in-region, legacy, mobile or standard")
	}
	return mode
}
