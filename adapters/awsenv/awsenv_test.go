package awsenv_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/awsenv"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// environment makes the process's that of a function, with these variables.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // so that it is put back
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_REGION": "ap-northeast-1", "AWS_DEFAULT_REGION": "ap-northeast-1", "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
		"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "HOME": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

// both loads the configuration as it is done here, and as the SDK does it.
func both(t *testing.T) (ours aws.Config, oursErr error, theirs aws.Config, theirsErr error) {
	t.Helper()
	ours, oursErr = awsenv.Load(awshttp.NewBuildableClient())
	theirs, theirsErr = config.LoadDefaultConfig(t.Context(),
		config.WithLogger(logging.Nop{}), config.WithHTTPClient(awshttp.NewBuildableClient()))
	return ours, oursErr, theirs, theirsErr
}

// TestItIsTheSDKsOwnConfiguration compares every field, so that what a newer SDK
// reads from the environment is missed here too.
func TestItIsTheSDKsOwnConfiguration(t *testing.T) {
	authority := httptest.NewTLSServer(http.NotFoundHandler())
	defer authority.Close()
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw})
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, variables := range map[string]map[string]string{
		"as Lambda gives it":               {},
		"with a region by its other name":  {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1"},
		"without a region":                 {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""},
		"with a CA bundle":                 {"AWS_CA_BUNDLE": bundle},
		"with an endpoint":                 {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
		"with endpoints of services":       {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:2"},
		"with endpoints that do not count": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
		"with endpoints to be discovered":  {"AWS_ENABLE_ENDPOINT_DISCOVERY": "auto"},
		"with neither FIPS nor dual-stack": {"AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "FALSE", "AWS_ENABLE_ENDPOINT_DISCOVERY": "True"},
		"with FIPS and dual-stack":         {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
		"with a way to try again":          {"AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "7"},
		"with modes":                       {"AWS_DEFAULTS_MODE": "auto", "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"},
		"with checksums":                   {"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"},
		"with compression":                 {"AWS_DISABLE_REQUEST_COMPRESSION": "true", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "1"},
		"with all the rest":                {"AWS_SDK_UA_APP_ID": "app", "AWS_DISABLE_CLOCK_SKEW_CORRECTION": "true", "AWS_AUTH_SCHEME_PREFERENCE": "sigv4a,sigv4", "AWS_RESTRICT_FILE_PERMISSIONS": "unrestricted", "AWS_ACCOUNT_ID": "123456789012"},
		"with an account":                  {"AWS_ACCOUNT_ID": "123456789012"},
		"with keys by their other names":   {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ACCESS_KEY": "AKIDEXAMPLE", "AWS_SECRET_KEY": "secret"},
		"with keys and an endpoint":        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, variables)
			ours, err, theirs, theirsErr := both(t)
			if err != nil || theirsErr != nil {
				t.Fatalf("got %v, and the SDK %v", err, theirsErr)
			}
			same(t, ours, theirs)
		})
	}
}

func TestWhatTheSDKDoesNotTakeIsNotTaken(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"with a retry mode there is not":   {"AWS_RETRY_MODE": "never"},
		"with a number that is none":       {"AWS_MAX_ATTEMPTS": "many"},
		"with a bundle that is not there":  {"AWS_CA_BUNDLE": filepath.Join(t.TempDir(), "none")},
		"with a bundle of nothing":         {"AWS_CA_BUNDLE": os.DevNull},
		"with a mode there is not":         {"AWS_DEFAULTS_MODE": "fast"},
		"with neither true nor false":      {"AWS_USE_FIPS_ENDPOINT": "perhaps"},
		"with a wrong compression size":    {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "-1"},
		"with a checksum there is not":     {"AWS_REQUEST_CHECKSUM_CALCULATION": "at_times"},
		"with an account mode there isn't": {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "at_times"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, variables)
			if _, err, _, theirsErr := both(t); err == nil || theirsErr == nil {
				t.Errorf("got %v, and the SDK %v", err, theirsErr)
			}
		})
	}
}

// same compares two configurations, and what clients make of them.
func same(t *testing.T, ours, theirs aws.Config) {
	t.Helper()
	// These are compared by what they do.
	byDeed := []string{"Credentials", "HTTPClient", "ConfigSources"}
	fields := reflect.TypeFor[aws.Config]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		got, want := reflect.ValueOf(ours).Field(i), reflect.ValueOf(theirs).Field(i)
		if !field.IsExported() || slices.Contains(byDeed, field.Name) {
			continue
		}
		// No list and an empty one print alike, and are.
		if !reflect.DeepEqual(got.Interface(), want.Interface()) && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, and the SDK's %v", field.Name, got, want)
		}
	}
	asked(t, ours.ConfigSources[0])
	keys, err := ours.Credentials.Retrieve(t.Context())
	theirKeys, theirErr := theirs.Credentials.Retrieve(t.Context())
	if keys != theirKeys || err != nil || theirErr != nil {
		t.Errorf("the credentials are %+v, %v, and the SDK's %+v, %v", keys, err, theirKeys, theirErr)
	}
	if got, want := sources(ours.Credentials), sources(theirs.Credentials); !slices.Equal(got, want) {
		t.Errorf("the credentials are from %v, and the SDK's from %v", got, want)
	}
	got := ours.HTTPClient.(*awshttp.BuildableClient).GetTransport().TLSClientConfig.RootCAs
	want := theirs.HTTPClient.(*awshttp.BuildableClient).GetTransport().TLSClientConfig.RootCAs
	if (got == nil) != (want == nil) || got != nil && !got.Equal(want) {
		t.Error("other authorities are trusted than the SDK's")
	}
	cognito, theirCognito := cognitoidentityprovider.NewFromConfig(ours).Options(), cognitoidentityprovider.NewFromConfig(theirs).Options()
	if aws.ToString(cognito.BaseEndpoint) != aws.ToString(theirCognito.BaseEndpoint) || !reflect.DeepEqual(cognito.EndpointOptions, theirCognito.EndpointOptions) {
		t.Errorf("Cognito is asked at %v %+v, and by the SDK at %v %+v", aws.ToString(cognito.BaseEndpoint), cognito.EndpointOptions, aws.ToString(theirCognito.BaseEndpoint), theirCognito.EndpointOptions)
	}
	tokens, theirTokens := sts.NewFromConfig(ours).Options(), sts.NewFromConfig(theirs).Options()
	if aws.ToString(tokens.BaseEndpoint) != aws.ToString(theirTokens.BaseEndpoint) {
		t.Errorf("STS is asked at %s, and by the SDK at %s", aws.ToString(tokens.BaseEndpoint), aws.ToString(theirTokens.BaseEndpoint))
	}
	if reflect.TypeOf(tokens.Retryer) != reflect.TypeOf(theirTokens.Retryer) || tokens.Retryer.MaxAttempts() != theirTokens.Retryer.MaxAttempts() {
		t.Errorf("STS is asked again by %T, and by the SDK by %T", tokens.Retryer, theirTokens.Retryer)
	}
}

// asked compares what clients can ask the two sources of.
func asked(t *testing.T, ours any) {
	t.Helper()
	environment, err := config.NewEnvConfig()
	if err != nil {
		t.Fatal(err)
	}
	for i := range reflect.TypeOf(ours).NumMethod() {
		method := reflect.TypeOf(ours).Method(i)
		arguments := []reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf("Cognito Identity Provider")}[:method.Type.NumIn()-1]
		got := reflect.ValueOf(ours).Method(i).Call(arguments)
		want := reflect.ValueOf(environment).MethodByName(method.Name).Call(arguments)
		for j := range got {
			if !reflect.DeepEqual(got[j].Interface(), want[j].Interface()) {
				t.Errorf("%s gives %v, and the SDK's %v", method.Name, got, want)
			}
		}
	}
}

// sources is what credentials tell AWS of where they are from.
func sources(of aws.CredentialsProvider) []aws.CredentialSource {
	if told, ok := of.(aws.CredentialProviderSource); ok {
		return told.ProviderSources()
	}
	return nil
}

// TestAnEndpointGivesCredentials as Lambda does to a function that was restored
// from a snapshot.
func TestAnEndpointGivesCredentials(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/2021-04-23/credentials" || r.Header.Get("Authorization") != "the-token" {
			http.Error(w, "{}", http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(`{"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"secret","Token":"token","Expiration":"2099-01-01T00:00:00Z","AccountId":"123456789012"}`))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("the-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]map[string]string{
		"with a token":           {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "the-token"},
		"with a token in a file": {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, map[string]string{
				"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.URL + "/2021-04-23/credentials",
			})
			for variable, value := range token {
				t.Setenv(variable, value)
			}
			ours, err, theirs, theirsErr := both(t)
			if err != nil || theirsErr != nil {
				t.Fatal(err, theirsErr)
			}
			same(t, ours, theirs)
			before := asked
			if keys, err := ours.Credentials.Retrieve(t.Context()); err != nil || keys.SessionToken != "token" || !keys.Expires.Equal(time.Date(2098, 12, 31, 23, 55, 0, 0, time.UTC)) {
				t.Errorf("got %+v, %v", keys, err)
			}
			if asked != before {
				t.Error("it was asked for what is held already")
			}
		})
	}
}

func TestWhereAnEndpointMayBe(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://127.0.0.1:9001/credentials": true, "http://localhost:9001/credentials": true, "http://[::1]:9001/credentials": true,
		"http://169.254.170.2/credentials": true, "http://169.254.170.23/credentials": true, "http://[fd00:ec2::23]/credentials": true,
		"https://credentials.example/credentials": true,
		"http://192.0.2.1/credentials":            false, "http://169.254.169.254/credentials": false,
		"/credentials": false, "http://%/credentials": false,
	} {
		environment(t, map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint})
		_, err, _, theirsErr := both(t)
		if (err == nil) != want || (theirsErr == nil) != want {
			t.Errorf("%s: got %v, and the SDK %v", endpoint, err, theirsErr)
		}
	}
}

// A path alone leads to the address that containers have for it.
func TestAPathOfCredentials(t *testing.T) {
	environment(t, map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"})
	ours, err, theirs, theirsErr := both(t)
	if err != nil || theirsErr != nil {
		t.Fatal(err, theirsErr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is there
	_, err = ours.Credentials.Retrieve(ctx)
	_, theirsErr = theirs.Credentials.Retrieve(ctx)
	if err == nil || theirsErr == nil || reflect.TypeOf(err) != reflect.TypeOf(theirsErr) {
		t.Errorf("got %v, and the SDK %v", err, theirsErr)
	}
	if !slices.Equal(sources(ours.Credentials), sources(theirs.Credentials)) {
		t.Errorf("from %v, and the SDK's from %v", sources(ours.Credentials), sources(theirs.Credentials))
	}
}

func TestWithoutCredentialsThereIsNoConfiguration(t *testing.T) {
	environment(t, map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
	if _, err := awsenv.Load(awshttp.NewBuildableClient()); !errors.Is(err, awsenv.ErrNoCredentials) {
		t.Errorf("got %v", err)
	}
}
