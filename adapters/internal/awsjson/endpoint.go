package awsjson

import (
	"context"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Sources of the SDK's configuration implement these interfaces to set a
// service's endpoint. The SDK's own interfaces are internal.
type (
	ignoresEndpoints interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
	setsEndpoint interface {
		GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
	}
	setsFIPS interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	setsDualStack interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
)

// endpointOf resolves the endpoint as a client of the SDK does. The endpoint of the
// service comes first, then the one for all services, then AWS's default.
func endpointOf(config aws.Config, service Service) string {
	ctx, sources := context.Background(), config.ConfigSources
	_, forAll := os.LookupEnv("AWS_ENDPOINT_URL")
	_, forOne := os.LookupEnv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service.ID, " ", "_")))
	ignored := first(sources, func(s ignoresEndpoints) (bool, bool, error) { return s.GetIgnoreConfiguredEndpoints(ctx) })
	if !ignored && (!forAll || forOne) {
		if endpoint := first(sources, func(s setsEndpoint) (string, bool, error) { return s.GetServiceBaseEndpoint(ctx, service.ID) }); endpoint != "" {
			return endpoint
		}
	}
	if config.BaseEndpoint != nil {
		return *config.BaseEndpoint
	}
	name := service.Name
	if first(sources, func(s setsFIPS) (aws.FIPSEndpointState, bool, error) { return s.GetUseFIPSEndpoint(ctx) }) == aws.FIPSEndpointStateEnabled {
		name += "-fips"
	}
	dualStack := first(sources, func(s setsDualStack) (aws.DualStackEndpointState, bool, error) { return s.GetUseDualStackEndpoint(ctx) })
	return "https://" + name + "." + config.Region + "." + suffixOf(config.Region, dualStack == aws.DualStackEndpointStateEnabled)
}

// first returns the value of the first source that has one.
func first[S, V any](sources []any, ask func(S) (V, bool, error)) (value V) {
	for _, source := range sources {
		if asked, ok := source.(S); ok {
			if said, has, err := ask(asked); err == nil && has {
				return said
			}
		}
	}
	return value
}

// suffixOf returns the domain of the region's partition.
func suffixOf(region string, dualStack bool) string {
	for prefix, suffix := range map[string]string{
		"us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov", "us-isof-": "csp.hci.ic.gov", "eu-isoe-": "cloud.adc-e.uk",
	} {
		if strings.HasPrefix(region, prefix) {
			return suffix // this partition has no other domain for dual stack
		}
	}
	suffix, dual := "amazonaws.com", "api.aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		suffix, dual = "amazonaws.com.cn", "api.amazonwebservices.com.cn"
	case strings.HasPrefix(region, "eusc-"):
		suffix, dual = "amazonaws.eu", "api.amazonwebservices.eu"
	}
	if dualStack {
		return dual
	}
	return suffix
}
