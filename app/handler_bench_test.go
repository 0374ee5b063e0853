package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/adapters/metrics"
	"cognito-user-migration/app"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-lambda-go/lambdacontext"
	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// The whole function, from Cognito's event to Cognito's event. What the wire
// costs is left out by memorySource, and is part of it over TLS.

// profiles are the ways in which a profile is read, in the order of the table.
var profiles = []cognitosource.Profile{
	cognitosource.ProfileAdminGetUser, cognitosource.ProfileConcurrent, cognitosource.ProfileIDToken,
}

// answers are those of a user pool that knows one person.
type answers struct {
	signIn, refusal, profile string
}

func newAnswers() answers {
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // a literal below that is no JSON
		}
		return string(text)
	}
	claims := map[string]any{
		"sub": "11111111-2222-4333-8444-555555555555", "cognito:username": "alice", "token_use": "id", "aud": "1example23456789",
		"iss": "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_AbCdEf123", "auth_time": 1700000000, "iat": 1700000000, "exp": 1700003600,
	}
	attributes := []map[string]string{{"Name": "sub", "Value": "11111111-2222-4333-8444-555555555555"}}
	for name, value := range map[string]string{
		"email": "alice@example.com", "email_verified": "true", "phone_number": "+81312345678", "phone_number_verified": "false",
		"given_name": "Alice", "family_name": "Example", "locale": "ja-JP",
	} {
		claims[name] = value
		attributes = append(attributes, map[string]string{"Name": name, "Value": value})
	}
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString([]byte(encode(v))) }
	token := part(map[string]string{"alg": "RS256", "kid": "k"}) + "." + part(claims) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256))
	return answers{
		signIn: encode(map[string]any{
			"ChallengeParameters": map[string]string{},
			"AuthenticationResult": map[string]any{
				"AccessToken": token, "IdToken": token, "RefreshToken": strings.Repeat("r", 1200), "ExpiresIn": 3600, "TokenType": "Bearer",
			},
		}),
		refusal: encode(map[string]string{"__type": "NotAuthorizedException", "message": "Incorrect username or password."}),
		profile: encode(map[string]any{
			"Username": "alice", "UserAttributes": attributes, "UserCreateDate": 1700000000.123, "UserLastModifiedDate": 1700000000.123,
			"Enabled": true, "UserStatus": "CONFIRMED",
		}),
	}
}

// to answers a call, given its target and whether its password is the right one.
func (a answers) to(target string, right bool) (status int, body string) {
	switch {
	case strings.HasSuffix(target, ".AdminGetUser"):
		return http.StatusOK, a.profile
	case right:
		return http.StatusOK, a.signIn
	default:
		return http.StatusBadRequest, a.refusal
	}
}

// memorySource answers where the request stands.
type memorySource struct {
	answers answers
	right   bool
}

// Do implements aws.HTTPClient.
func (m memorySource) Do(request *http.Request) (*http.Response, error) {
	status, body := m.answers.to(request.Header.Get("X-Amz-Target"), m.right)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amzn-Requestid": {"1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: request,
	}, nil
}

// ownCredentials never change.
type ownCredentials struct{}

// Invalidate implements ports.CredentialProvider.
func (ownCredentials) Invalidate() {}

// Retrieve implements ports.CredentialProvider.
func (ownCredentials) Retrieve(context.Context) (ports.Credentials, error) {
	return ports.Credentials{
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: domain.NewSecret("wJalrXUtnFEMI"), SessionToken: domain.NewSecret(strings.Repeat("t", 800)),
	}, nil
}

// bothRecords writes what Lambda's function writes.
type bothRecords struct {
	log     *auditlog.Sink
	metrics *metrics.Sink
}

// Record implements ports.AuditSink.
func (b bothRecords) Record(ctx context.Context, record domain.AuditRecord) error {
	if err := b.log.Record(ctx, record); err != nil {
		return err
	}
	return b.metrics.Record(ctx, record)
}

// inMemory is the function over a source that answers where the request stands.
func inMemory(way cognitosource.Profile, right bool) *lambdatrigger.Handler {
	rules := domain.DefaultRules()
	settings := cognitosource.Settings{UserPoolID: "ap-northeast-1_AbCdEf123", ClientID: "1example23456789", Profile: way}
	config := sdk.Config{HTTPClient: memorySource{newAnswers(), right}}
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zapcore.InfoLevel))
	migrator := migrate.New(
		cognitosource.Open("SOURCE", config, ownCredentials{}, settings, rules.NeedsProfile),
		bothRecords{auditlog.New(logger, domain.AuditFormatJSON, ports.AuditOrigin{}), metrics.New(io.Discard, "user-migration")},
		migrate.Options{Rules: rules, Pseudonymizer: domain.NewPseudonymizer(domain.AuditUsernameHMAC, domain.NewSecret("0123456789abcdef0123456789abcdef"))},
	)
	return lambdatrigger.New(migrator, logger, lambdatrigger.Options{})
}

// overTLS is the function as production composes it, over a source that speaks
// TLS in this process.
func overTLS(b *testing.B, way cognitosource.Profile, right bool) *lambdatrigger.Handler {
	b.Helper()
	answers := newAnswers()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if target := r.Header.Get("X-Amz-Target"); target != "" {
			_, _ = io.Copy(io.Discard, r.Body)
			status, body := answers.to(target, right)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
			`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			time.Now().Add(15*time.Minute).UTC().Format(time.RFC3339))
	}))
	b.Cleanup(server.Close)
	bundle := filepath.Join(b.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_REGION": "ap-northeast-1", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CA_BUNDLE": bundle, "AWS_ENDPOINT_URL": server.URL,
	} {
		b.Setenv(name, value)
	}
	environ := append(cognitoEnvironment(), "SOURCE_PROFILE="+string(way), "AWS_LAMBDA_FUNCTION_NAME=user-migration")
	configuration, err := app.Load(b.Context(), whole(), environ)
	if err != nil {
		b.Fatal(err)
	}
	var handler *lambdatrigger.Handler
	if _, err := app.Start(b.Context(), app.Modules(whole(), app.Process{Environ: environ, Log: io.Discard}, configuration), fx.Populate(&handler)); err != nil {
		b.Fatal(err)
	}
	return handler
}

// signsIn hands the function a sign-in and fails where it is not what it must be.
func signsIn(t testing.TB, handler *lambdatrigger.Handler, right bool) {
	t.Helper()
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "22222222-3333-4444-8555-666666666666"})
	answer, err := handler.Invoke(ctx, []byte(signInEvent))
	if err != nil || strings.Contains(string(answer), "CONFIRMED") != right {
		t.Fatalf("%s, %v", answer, err)
	}
}

const signInEvent = `{"version":"1","triggerSource":"UserMigration_Authentication","region":"ap-northeast-1","userPoolId":"ap-northeast-1_GhIjKl456",` +
	`"userName":"alice","callerContext":{"awsSdkVersion":"aws-sdk-js-3","clientId":"2example23456789"},` +
	`"request":{"password":"Right-Password-1","validationData":null,"userAttributes":null},` +
	`"response":{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}}`

func outcome(right bool) string {
	if right {
		return "migrate"
	}
	return "refuse"
}

func BenchmarkHandler(b *testing.B) {
	for _, way := range profiles {
		for _, right := range []bool{true, false} {
			name := string(way) + "/" + outcome(right)
			b.Run("in memory/"+name, func(b *testing.B) {
				handler := inMemory(way, right)
				b.ReportAllocs()
				for b.Loop() {
					signsIn(b, handler, right)
				}
			})
			// The allocations are those of the source too.
			b.Run("over TLS/"+name, func(b *testing.B) {
				handler := overTLS(b, way, right)
				b.ReportAllocs()
				for b.Loop() {
					signsIn(b, handler, right)
				}
			})
		}
	}
}

// What a sign-in costs beside the wire is held in numbers of allocations,
// because times depend on the machine.
func TestASignInCostsSoManyAllocations(t *testing.T) {
	for _, row := range []struct {
		way   cognitosource.Profile
		right bool
		most  float64
	}{
		{cognitosource.ProfileAdminGetUser, true, 640},
		{cognitosource.ProfileAdminGetUser, false, 365},
		{cognitosource.ProfileConcurrent, true, 650},
		{cognitosource.ProfileIDToken, true, 365},
	} {
		handler := inMemory(row.way, row.right)
		got := testing.AllocsPerRun(200, func() { signsIn(t, handler, row.right) })
		t.Logf("%s, %s: %v allocations", row.way, outcome(row.right), got)
		if got > row.most {
			t.Errorf("%s, %s makes %v allocations, at most %v are fine", row.way, outcome(row.right), got, row.most)
		}
	}
}
