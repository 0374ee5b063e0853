// Floor is the least that a program in Go can do for one sign-in: two requests over
// TLS, one after the other, with net/http alone. They have the size and the headers
// of AdminInitiateAuth and AdminGetUser; nothing is signed, decoded, decided or
// logged. No role is assumed, and nothing is prepared. What other programs take is
// compared with it.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
)

// What the requests and the answer say, as the SDK would for the function's settings.
const (
	signIn = `{"AuthFlow":"ADMIN_USER_PASSWORD_AUTH","AuthParameters":{"PASSWORD":"Pass-word-1!","USERNAME":"alice"},` +
		`"ClientId":"1example23456789","UserPoolId":"us-east-1_Source001"}`
	getUser = `{"UserPoolId":"us-east-1_Source001","Username":"alice"}`
	answer  = `{"version":"1","triggerSource":"UserMigration_Authentication","region":"us-east-1","userPoolId":"us-east-1_Dest00001",` +
		`"userName":"alice","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"1example23456789"},` +
		`"request":{"password":"Pass-word-1!","validationData":null,"userAttributes":null},` +
		`"response":{"userAttributes":{"email":"alice@example.com","email_verified":"true","name":"Alice Example",` +
		`"phone_number":"+819012345678","phone_number_verified":"true","username":"alice"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}}`
)

func main() {
	runtime.GOMAXPROCS(1) // Lambda gives less than a second core to every function below 1.8 GB
	fmt.Fprintln(os.Stderr, run())
	os.Exit(1)
}

// run serves invocations until something fails.
func run() error {
	cognito := os.Getenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER") + "/"
	invocations := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	// As long as what the SDK sends.
	authorization := "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLEEXAMPLE12/20260101/us-east-1/cognito-idp/aws4_request, " +
		"SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target, " +
		"Signature=" + strings.Repeat("0", 64)
	token := strings.Repeat("FQoG", 90)
	ctx := context.Background()
	for {
		header, err := do(ctx, http.MethodGet, invocations+"next", "", nil)
		if err != nil {
			return err
		}
		for _, call := range []struct{ operation, body string }{{"AdminInitiateAuth", signIn}, {"AdminGetUser", getUser}} {
			if _, err := do(ctx, http.MethodPost, cognito, call.body, map[string]string{
				"Authorization":         authorization,
				"Content-Type":          "application/x-amz-json-1.1",
				"User-Agent":            "aws-sdk-go-v2/1.47.7 ua/2.1 os/linux lang/go#1.26 md/GOOS#linux md/GOARCH#amd64 api/cognitoidentityprovider#1.61.0 m/E",
				"Amz-Sdk-Invocation-Id": "6fd2a2a5-0000-4000-8000-000000000000",
				"Amz-Sdk-Request":       "attempt=1; max=3",
				"X-Amz-Date":            "20260101T000000Z",
				"X-Amz-Security-Token":  token,
				"X-Amz-Target":          "AWSCognitoIdentityProviderService." + call.operation,
			}); err != nil {
				return err
			}
		}
		id := header.Get("Lambda-Runtime-Aws-Request-Id")
		if _, err := do(ctx, http.MethodPost, invocations+id+"/response", answer, nil); err != nil {
			return err
		}
	}
}

func do(ctx context.Context, method, url, body string, headers map[string]string) (http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	_, err = io.ReadAll(response.Body)
	return response.Header, err
}
