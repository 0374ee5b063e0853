package cognitosource

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

// Rehearsal returns a pool for a sign-in that nobody waits for: it does all that
// this one does, with a client of its own that sends nothing and answers itself
// that the password is right. What a first attempt would load and make is there
// after it. Nil for a pool that was not opened by [Open].
func (d *Directory) Rehearsal() ports.SourceDirectory {
	if d.rehearsal == nil {
		return nil
	}
	return d.rehearsal()
}

// rehearsalOf makes the pool for a rehearsal.
func rehearsalOf(name string, config aws.Config, settings Settings, needsProfile func(domain.FindingKind) bool) *Directory {
	config.HTTPClient = stage{}
	return New(name, newClient(newSDK(config, props{}, settings.ServiceRegion())), settings, needsProfile)
}

// stage answers requests where they are made.
type stage struct{}

// Do implements [aws.HTTPClient].
func (stage) Do(request *http.Request) (*http.Response, error) {
	body := `{"Username":"rehearsal","Enabled":true,"UserStatus":"CONFIRMED","UserAttributes":[` +
		`{"Name":"sub","Value":"rehearsal"},{"Name":"email","Value":"rehearsal@example.com"},{"Name":"email_verified","Value":"true"}]}`
	if awsmiddleware.GetOperationName(request.Context()) == "AdminInitiateAuth" {
		claims := `{"sub":"rehearsal","cognito:username":"rehearsal","email":"rehearsal@example.com","email_verified":true}`
		body = `{"ChallengeParameters":{},"AuthenticationResult":{"AccessToken":"rehearsal","IdToken":"e30.` + base64.RawURLEncoding.EncodeToString([]byte(claims)) + `.e30"}}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: make(http.Header), Request: request,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// props are credentials that nobody takes.
type props struct{}

// Invalidate implements [ports.CredentialProvider].
func (props) Invalidate() {}

// Retrieve implements [ports.CredentialProvider].
func (props) Retrieve(context.Context) (ports.Credentials, error) {
	return ports.Credentials{AccessKeyID: "rehearsal", SecretAccessKey: domain.NewSecret("rehearsal"), SessionToken: domain.NewSecret("rehearsal")}, nil
}
