package awsjson_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
)

const (
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // AWS's example
	canary    = "canary-51ab@example.com"
)

// signature computes Signature Version 4 as the IAM User Guide describes it ("Create
// a signed AWS API request"), without the SDK.
func signature(secret, date, region, service, stringToSign string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{date, region, service, "aws4_request", stringToSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func TestTheSignatureOfTheTestIsAWSs(t *testing.T) {
	t.Parallel()
	// "Signature Version 4 signing process", AWS General Reference: ListUsers of IAM.
	got := signature(secretKey, "20150830", "us-east-1", "iam", "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"+
		"f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59")
	if want := "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

// verify reports what is wrong with a request's signature; empty if nothing is.
func verify(request *http.Request, body []byte, region, service string) string {
	algorithm, rest, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	fields := make(map[string]string)
	for field := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	at := request.Header.Get("X-Amz-Date")
	if algorithm != "AWS4-HMAC-SHA256" || len(at) != len("20060102T150405Z") {
		return "no signature"
	}
	scope := at[:8] + "/" + region + "/" + service + "/aws4_request"
	if fields["Credential"] != "AKID/"+scope {
		return "scope " + fields["Credential"]
	}
	var headers strings.Builder
	for name := range strings.SplitSeq(fields["SignedHeaders"], ";") {
		value := request.Header.Get(name)
		switch name {
		case "host":
			value = request.Host
		case "content-length":
			value = fmt.Sprint(request.ContentLength)
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	for _, must := range []string{"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"} {
		if !strings.Contains(";"+fields["SignedHeaders"]+";", ";"+must+";") {
			return must + " is not signed"
		}
	}
	hash := sha256.Sum256(body)
	canonical := strings.Join([]string{request.Method, request.URL.Path, "", headers.String(), fields["SignedHeaders"], hex.EncodeToString(hash[:])}, "\n")
	hash = sha256.Sum256([]byte(canonical))
	if signature(secretKey, at[:8], region, service, algorithm+"\n"+at+"\n"+scope+"\n"+hex.EncodeToString(hash[:])) != fields["Signature"] {
		return "the signature does not match"
	}
	return ""
}

// answer is one of a service's.
type answer struct {
	status int
	header string // X-Amzn-ErrorType
	body   string
}

// client returns a client of a service, and the number of its requests. The service
// gives the answers in turn, and repeats the last one.
func client(t *testing.T, service awsjson.Service, answers ...answer) (*awsjson.Client, *atomic.Int32) {
	t.Helper()
	requests := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if wrong := verify(r, body, "eu-west-3", service.Name); wrong != "" {
			t.Error(wrong)
		}
		if target := r.Header.Get("X-Amz-Target"); target != service.Target+".Operate" {
			t.Errorf("the target is %q", target)
		}
		if kind := r.Header.Get("Content-Type"); kind != "application/x-amz-json-"+service.Version {
			t.Errorf("the content type is %q", kind)
		}
		n := int(requests.Add(1))
		give := answers[min(n, len(answers))-1]
		w.Header().Set("X-Amzn-Requestid", "11111111-2222-4333-8444-555555555555")
		if give.header != "" {
			w.Header().Set("X-Amzn-Errortype", give.header)
		}
		w.WriteHeader(give.status)
		_, _ = io.WriteString(w, strings.ReplaceAll(give.body, "ECHO", string(body)))
	}))
	t.Cleanup(server.Close)
	return awsjson.New(aws.Config{
		Region: "eu-west-3", BaseEndpoint: &server.URL,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", secretKey, "token"),
	}, service), requests
}

func TestACallIsSignedAndItsAnswerComesBack(t *testing.T) {
	t.Parallel()
	for _, service := range []awsjson.Service{awsjson.CognitoIdentityProvider(), awsjson.SSM(), awsjson.DynamoDB()} {
		for _, input := range []any{
			map[string]any{"Username": "a<b>&c", "N": 12},
			json.RawMessage(`{"Username": "as it stands", "Number": 1.50, "Unknown": {"deep": [1, 2]}}`),
			struct{}{},
		} {
			c, requests := client(t, service, answer{200, "", "ECHO"})
			got, err := c.Call(t.Context(), "Operate", input)
			if err != nil {
				t.Fatalf("%s: %v", service.Name, err)
			}
			want, err := json.Marshal(input)
			if raw, ok := input.(json.RawMessage); ok {
				want = raw
			}
			if err != nil || string(got) != string(want) || requests.Load() != 1 {
				t.Errorf("%s: got %s, want %s", service.Name, got, want)
			}
		}
	}
}

func TestWhatAnAnswerIsToTheAdapters(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		answer   answer
		code     string
		want     error
		requests int32
	}{
		{"an exception by its type", answer{400, "", `{"__type":"UserNotFoundException","message":"no ` + canary + `"}`}, "UserNotFoundException", ports.ErrMisconfigured, 1},
		{"a type with a namespace", answer{400, "", `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Message":"no ` + canary + `"}`}, "ConditionalCheckFailedException", ports.ErrMisconfigured, 1},
		{"a header with an address", answer{400, "AccessDeniedException:http://internal.amazon.com/coral/", `{"message":"no ` + canary + `"}`}, "AccessDeniedException", ports.ErrMisconfigured, 1},
		{"a member named code", answer{400, "", `{"code":"ResourceNotFoundException"}`}, "ResourceNotFoundException", ports.ErrMisconfigured, 1},
		{"too many requests", answer{400, "", `{"__type":"TooManyRequestsException"}`}, "TooManyRequestsException", ports.ErrThrottled, 3},
		{"throttled", answer{400, "", `{"__type":"ThrottlingException"}`}, "ThrottlingException", ports.ErrThrottled, 3},
		{"a fault of the service", answer{500, "", `{"__type":"InternalErrorException"}`}, "InternalErrorException", ports.ErrUnreachable, 3},
		{"a status alone", answer{429, "", "slow down, " + canary}, "", ports.ErrThrottled, 3},
		{"a proxy's page", answer{502, "", "<html>" + canary + "</html>"}, "", ports.ErrUnreachable, 3},
		{"an answer that is not JSON", answer{200, "", "<html>" + canary + "</html>"}, "", ports.ErrUnreachable, 1},
		{"an empty answer", answer{200, "", ""}, "", ports.ErrUnreachable, 1},
		{"a refusal without a name", answer{403, "", ""}, "", ports.ErrUnreachable, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, requests := client(t, awsjson.DynamoDB(), row.answer)
			_, err := c.Call(t.Context(), "Operate", map[string]string{"Username": canary})
			if code, _ := awsfault.Code(err); code != row.code {
				t.Errorf("the code is %q, want %q", code, row.code)
			}
			fault := awsfault.Of(t.Context(), "adapter", "Operate", err)
			if !errors.Is(fault, row.want) {
				t.Errorf("got %v, want %v", fault, row.want)
			}
			if row.code != "" && !strings.Contains(fault.Error(), "11111111-2222-4333-8444-555555555555") {
				t.Errorf("the request ID is missing: %v", fault)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %s", err, err, fault), canary) {
				t.Errorf("it repeats what was sent: %v", err)
			}
			if requests.Load() != row.requests {
				t.Errorf("%d requests, want %d", requests.Load(), row.requests)
			}
		})
	}
}

func TestTheMessageIsThereToTellErrorsApart(t *testing.T) {
	t.Parallel()
	c, _ := client(t, awsjson.SSM(), answer{400, "", `{"__type":"InvalidParameterException","message":"which one"}`})
	_, err := c.Call(t.Context(), "Operate", struct{}{})
	failure, ok := errors.AsType[smithy.APIError](err)
	if !ok || failure.ErrorMessage() != "which one" || failure.ErrorFault() != smithy.FaultClient {
		t.Errorf("got %#v", err)
	}
}

func TestAThrottledCallIsMadeAgain(t *testing.T) {
	t.Parallel()
	c, requests := client(t, awsjson.SSM(), answer{400, "", `{"__type":"ThrottlingException"}`}, answer{503, "", ""}, answer{200, "", `{"done":true}`})
	got, err := c.Call(t.Context(), "Operate", struct{}{})
	if err != nil || string(got) != `{"done":true}` || requests.Load() != 3 {
		t.Errorf("got %s, %v after %d requests", got, err, requests.Load())
	}
}

func TestAContextEndsTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, requests := client(t, awsjson.SSM(), answer{200, "", `{}`})
	if _, err := c.Call(ctx, "Operate", struct{}{}); !errors.Is(err, context.Canceled) || requests.Load() != 0 {
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
}

// refused are credentials that cannot be had.
type refused struct{}

func (refused) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, fmt.Errorf("sts: %w", ports.ErrMisconfigured)
}

func TestAnErrorOfTheCredentialsIsKept(t *testing.T) {
	t.Parallel()
	for name, provider := range map[string]aws.CredentialsProvider{"refused": refused{}, "none": nil} {
		c := awsjson.New(aws.Config{Region: "eu-west-3", Credentials: provider}, awsjson.SSM())
		_, err := c.Call(t.Context(), "Operate", struct{}{})
		if err == nil || name == "refused" && !errors.Is(awsfault.Of(t.Context(), "a", "b", err), ports.ErrMisconfigured) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestWhatCannotBeWrittenAsJSONIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := awsjson.New(aws.Config{}, awsjson.SSM()).Call(t.Context(), "Operate", func() {}); err == nil {
		t.Error("got no error")
	}
}

// hosts answers by noting the address.
type hosts struct{ address string }

func (h *hosts) Do(request *http.Request) (*http.Response, error) {
	h.address = request.URL.String()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func TestTheEndpointIsFoundAsTheSDKFindsIt(t *testing.T) {
	cognito, dynamo := awsjson.CognitoIdentityProvider(), awsjson.DynamoDB()
	for _, row := range []struct {
		name        string
		service     awsjson.Service
		region      string
		environment []string
		want        string
	}{
		{"AWS's own", cognito, "ap-northeast-1", nil, "https://cognito-idp.ap-northeast-1.amazonaws.com/"},
		{"China's", dynamo, "cn-north-1", nil, "https://dynamodb.cn-north-1.amazonaws.com.cn/"},
		{"an isolated partition's", dynamo, "us-iso-east-1", nil, "https://dynamodb.us-iso-east-1.c2s.ic.gov/"},
		{"Europe's", dynamo, "eusc-de-east-1", nil, "https://dynamodb.eusc-de-east-1.amazonaws.eu/"},
		{"one for all", cognito, "eu-west-1", []string{"AWS_ENDPOINT_URL", "http://all:1"}, "http://all:1/"},
		{"one for the service", cognito, "eu-west-1", []string{"AWS_ENDPOINT_URL", "http://all:1", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://one:2/path"}, "http://one:2/path"},
		{"one for another service", dynamo, "eu-west-1", []string{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://one:2"}, "https://dynamodb.eu-west-1.amazonaws.com/"},
		{"ignored", cognito, "eu-west-1", []string{"AWS_ENDPOINT_URL", "http://all:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, "https://cognito-idp.eu-west-1.amazonaws.com/"},
		{"FIPS", dynamo, "us-east-1", []string{"AWS_USE_FIPS_ENDPOINT", "true"}, "https://dynamodb-fips.us-east-1.amazonaws.com/"},
		{"dual stack", dynamo, "us-east-1", []string{"AWS_USE_DUALSTACK_ENDPOINT", "true"}, "https://dynamodb.us-east-1.api.aws/"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("AWS_REGION", row.region)
			t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
			t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
			for i := 0; i < len(row.environment); i += 2 {
				t.Setenv(row.environment[i], row.environment[i+1])
			}
			config, err := awsenv.Load(awsclient.NewHTTPClient())
			if err != nil {
				t.Fatal(err)
			}
			asked := new(hosts)
			config.HTTPClient = asked
			if _, err := awsjson.New(config, row.service).Call(t.Context(), "Operate", struct{}{}); err != nil {
				t.Fatal(err)
			}
			if asked.address != row.want {
				t.Errorf("got %s, want %s", asked.address, row.want)
			}
		})
	}
}

// A service turns away what was signed five minutes before or after its own time.
func TestRequestsAreSignedByTheServicesClock(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ahead    time.Duration
		requests []int32 // of three calls, together after each
	}{
		"the same time":  {0, []int32{1, 2, 3}},
		"a minute apart": {time.Minute, []int32{1, 2, 3}},
		"an hour ahead":  {time.Hour, []int32{2, 3, 4}},
		"an hour behind": {-time.Hour, []int32{2, 3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				now := time.Now().Add(row.ahead).UTC()
				w.Header().Set("Date", now.Format(http.TimeFormat))
				signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
				if err != nil || now.Sub(signed).Abs() > 5*time.Minute {
					w.WriteHeader(http.StatusForbidden)
					_, _ = io.WriteString(w, `{"__type":"InvalidSignatureException"}`)
					return
				}
				_, _ = io.WriteString(w, `{}`)
			}))
			t.Cleanup(server.Close)
			c := awsjson.New(aws.Config{
				Region: "eu-west-3", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKID", secretKey, "token"),
			}, awsjson.SSM())
			for i, want := range row.requests {
				if _, err := c.Call(t.Context(), "Operate", struct{}{}); err != nil || requests.Load() != want {
					t.Errorf("call %d: %v after %d requests, want %d", i+1, err, requests.Load(), want)
				}
			}
		})
	}
}

// An answer that is no fault of the clock is not asked for again.
func TestARefusalByAServiceWithAnotherClockIsARefusal(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"AccessDeniedException"}`)
	}))
	t.Cleanup(server.Close)
	c := awsjson.New(aws.Config{
		Region: "eu-west-3", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKID", secretKey, "token"),
	}, awsjson.SSM())
	_, err := c.Call(t.Context(), "Operate", struct{}{})
	if code, _ := awsfault.Code(err); code != "AccessDeniedException" || requests.Load() != 2 { // once by each clock
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
}
