package importjob_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognito-user-migration/adapters/cognitosource/importjob"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// served returns jobs of a service that answers so, and the number of requests.
func served(t *testing.T, status int, code, message string) (*importjob.Jobs, *int) {
	t.Helper()
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"__type":"`+code+`","message":"`+message+`"}`)
	}))
	t.Cleanup(server.Close)
	return importjob.New(aws.Config{
		BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}, "us-east-1", "us-east-1_a"), &requests
}

func TestErrorsOfTheServiceAreToldApart(t *testing.T) {
	t.Parallel()
	create := func(jobs *importjob.Jobs) error {
		_, err := jobs.Create(t.Context(), "name", "role", "BCRYPT")
		return err
	}
	start := func(jobs *importjob.Jobs) error {
		_, err := jobs.Start(t.Context(), "import-1")
		return err
	}
	for name, test := range map[string]struct {
		status        int
		code, message string
		call          func(*importjob.Jobs) error
		want          error
	}{
		"a role that cannot be passed":  {400, "AccessDeniedException", "User is not authorized to perform: iam:PassRole on resource: canary", create, importjob.ErrRole},
		"a role that cannot be assumed": {400, "InvalidParameterException", "Role canary cannot be assumed by Cognito", create, importjob.ErrRole},
		"not permitted":                 {400, "AccessDeniedException", "User canary may not", create, importjob.ErrNotPermitted},
		"too many jobs":                 {400, "LimitExceededException", "canary", create, importjob.ErrBusy},
		"an internal error":             {500, "InternalErrorException", "canary", create, importjob.ErrUnanswered},
		"no file":                       {400, "PreconditionNotMetException", "No csv file was uploaded. canary", start, importjob.ErrNoUpload},
		"another job":                   {400, "PreconditionNotMetException", "Another job is active. canary", start, importjob.ErrBusy},
		"no job":                        {400, "ResourceNotFoundException", "canary", start, importjob.ErrNotFound},
		"throttled":                     {400, "TooManyRequestsException", "canary", start, ports.ErrThrottled},
		"an answer without a job":       {200, "", "", create, importjob.ErrUnanswered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jobs, requests := served(t, test.status, test.code, test.message)
			err := test.call(jobs)
			if !errors.Is(err, test.want) || strings.Contains(err.Error(), "canary") || *requests != 1 {
				t.Errorf("%v after %d requests, want %v", err, *requests, test.want)
			}
		})
	}
}

func TestAnUploadIsSentAsTheURLWasGiven(t *testing.T) {
	t.Parallel()
	var got []*http.Request
	status, location := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	jobs := importjob.New(aws.Config{}, "us-east-1", "us-east-1_a")
	send := func(ctx context.Context) error {
		return jobs.Upload(ctx, server.URL+"/bucket/a%2Fb?X-Amz-Signature=1%2B%3D&x=a+b", strings.NewReader("content"), 7)
	}
	if err := send(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := got[0]
	if first.RequestURI != "/bucket/a%2Fb?X-Amz-Signature=1%2B%3D&x=a+b" || first.Header.Get("X-Amz-Server-Side-Encryption") != "aws:kms" ||
		first.ContentLength != 7 || first.Method != http.MethodPut || first.Header.Get("Authorization") != "" {
		t.Errorf("the request is %s %s, %v", first.Method, first.RequestURI, first.Header)
	}
	for code, want := range map[int]error{http.StatusForbidden: importjob.ErrURLExpired, http.StatusServiceUnavailable: importjob.ErrUnanswered} {
		if status = code; !errors.Is(send(t.Context()), want) {
			t.Errorf("status %d is not %v", code, want)
		}
	}
	before := len(got)
	if status, location = http.StatusTemporaryRedirect, server.URL+"/elsewhere"; send(t.Context()) == nil || len(got) != before+1 {
		t.Error("a redirect was followed: the file would go elsewhere")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := send(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted upload: %v", err)
	}
	server.Close()
	if err := send(t.Context()); !errors.Is(err, importjob.ErrUnanswered) || strings.Contains(err.Error(), "X-Amz-Signature") {
		t.Errorf("no connection: %v", err)
	}
}
