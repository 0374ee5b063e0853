// Package importjob calls the operations of Cognito's user import job and reads its
// log. Only the operator's tool imports it. It calls through awsjson, because the SDK
// does not know the hash algorithm. It imports the SDK.
package importjob

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const adapter = "import job"

// Errors of jobs, matched by errors.Is.
var (
	// ErrRole: the job's role cannot be passed, or Cognito cannot assume it.
	ErrRole = errors.New("the role cannot be used for the job")
	// ErrNoUpload: the service does not see the uploaded file, yet or at all.
	ErrNoUpload = errors.New("the job has no uploaded file")
	// ErrBusy: another job of the account is active.
	ErrBusy = errors.New("another import job is active")
	// ErrURLExpired: the pre-signed URL is no longer accepted.
	ErrURLExpired = errors.New("the pre-signed URL is no longer accepted")
	// ErrNotFound: the job, the user pool or the log does not exist.
	ErrNotFound = errors.New("not found")
	// ErrNotPermitted: the caller lacks a permission.
	ErrNotPermitted = errors.New("not permitted")
	// ErrUnanswered: it is not known whether the call took effect.
	ErrUnanswered = errors.New("there was no answer")
)

// Status is the status of a job.
type Status string

// The statuses ("UserImportJobType", Amazon Cognito API Reference).
const (
	Created    Status = "Created"
	Pending    Status = "Pending"
	InProgress Status = "InProgress"
	Stopping   Status = "Stopping"
	Expired    Status = "Expired"
	Stopped    Status = "Stopped"
	Failed     Status = "Failed"
	Succeeded  Status = "Succeeded"
)

// Ended reports whether a job of this status never changes again.
func (s Status) Ended() bool {
	return s == Expired || s == Stopped || s == Failed || s == Succeeded
}

// Job is an import job.
type Job struct {
	ID     string `json:"JobId"`
	Name   string `json:"JobName"`
	URL    string `json:"PreSignedUrl"`
	Status Status `json:"Status"`
	// Imported, Skipped and Failed are numbers of users.
	Imported int `json:"ImportedUsers"`
	Skipped  int `json:"SkippedUsers"`
	Failed   int `json:"FailedUsers"`
	// Created is in seconds since 1970.
	Created float64 `json:"CreationDate"`
	Message string  `json:"CompletionMessage"`
}

// CreatedAt returns the time at which the job was created.
func (j Job) CreatedAt() time.Time { return time.UnixMilli(int64(j.Created * 1000)) }

// Taken returns how many users the job has processed.
func (j Job) Taken() int { return j.Imported + j.Skipped + j.Failed }

// Jobs are the import jobs of one user pool.
type Jobs struct {
	pool       string
	once, more awsjson.Caller
	logs       awsjson.Caller
	upload     *http.Client
}

// New returns the jobs of a user pool.
func New(config aws.Config, region, poolID string) *Jobs {
	config = config.Copy()
	if region != "" {
		config.Region = region
	}
	once := config.Copy()
	once.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return &Jobs{
		pool: poolID, more: awsjson.New(config, awsjson.CognitoIdentityProvider()), once: awsjson.New(once, awsjson.CognitoIdentityProvider()),
		logs: awsjson.New(config, awsjson.CloudWatchLogs()),
		upload: &http.Client{
			Transport:     awsclient.NewHTTPClient().GetTransport(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Header returns the names of the columns of the pool's import file.
func (j *Jobs) Header(ctx context.Context) ([]string, error) {
	var answer struct{ CSVHeader []string }
	err := call(ctx, j.more, "GetCSVHeader", map[string]any{"UserPoolId": j.pool}, &answer)
	return answer.CSVHeader, err
}

// jobAnswer is the answer of each operation about one job.
type jobAnswer struct{ UserImportJob Job }

// Create creates a job. It sends the request once: a second one would be a second
// job. With ErrUnanswered, Find says whether there is one.
func (j *Jobs) Create(ctx context.Context, name, role, algorithm string) (Job, error) {
	input := map[string]any{"UserPoolId": j.pool, "JobName": name, "CloudWatchLogsRoleArn": role}
	if algorithm != "" {
		input["PasswordHashingAlgorithm"] = algorithm
	}
	var answer jobAnswer
	err := call(ctx, j.once, "CreateUserImportJob", input, &answer)
	if err == nil && (answer.UserImportJob.ID == "" || answer.UserImportJob.URL == "") {
		return Job{}, fmt.Errorf("CreateUserImportJob: %w", ErrUnanswered)
	}
	return answer.UserImportJob, err
}

// Find returns the newest job of a name, and false if there is none.
func (j *Jobs) Find(ctx context.Context, name string) (Job, bool, error) {
	input := map[string]any{"UserPoolId": j.pool, "MaxResults": 60}
	var newest Job
	for {
		var answer struct {
			UserImportJobs  []Job
			PaginationToken string
		}
		if err := call(ctx, j.more, "ListUserImportJobs", input, &answer); err != nil {
			return Job{}, false, err
		}
		for _, job := range answer.UserImportJobs {
			if job.Name == name && (newest.ID == "" || job.Created > newest.Created) {
				newest = job
			}
		}
		if answer.PaginationToken == "" {
			return newest, newest.ID != "", nil
		}
		input["PaginationToken"] = answer.PaginationToken
	}
}

// Describe returns a job.
func (j *Jobs) Describe(ctx context.Context, id string) (Job, error) {
	return j.one(ctx, "DescribeUserImportJob", id)
}

// Start starts a job whose file was uploaded. It can be repeated.
func (j *Jobs) Start(ctx context.Context, id string) (Job, error) {
	return j.one(ctx, "StartUserImportJob", id)
}

// Stop stops a job. It cannot be started again.
func (j *Jobs) Stop(ctx context.Context, id string) (Job, error) {
	return j.one(ctx, "StopUserImportJob", id)
}

func (j *Jobs) one(ctx context.Context, operation, id string) (Job, error) {
	var answer jobAnswer
	err := call(ctx, j.more, operation, map[string]any{"UserPoolId": j.pool, "JobId": id}, &answer)
	return answer.UserImportJob, err
}

// Upload sends the file to the pre-signed URL.
func (j *Jobs) Upload(ctx context.Context, url string, file io.Reader, size int64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, file)
	if err != nil {
		return errors.New("the pre-signed URL of the job cannot be read")
	}
	request.ContentLength = size
	request.Header.Set("X-Amz-Server-Side-Encryption", "aws:kms")
	response, err := j.upload.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the upload: %w: check the network and the proxy (HTTPS_PROXY)", ErrUnanswered) // its text has the URL
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection can be used again
	switch {
	case response.StatusCode >= 200 && response.StatusCode <= 299:
		return nil
	case response.StatusCode == http.StatusForbidden:
		return ErrURLExpired
	case response.StatusCode >= 500:
		return fmt.Errorf("the upload: %w: status %d", ErrUnanswered, response.StatusCode)
	default:
		return fmt.Errorf("the upload was refused with status %d", response.StatusCode)
	}
}

// Log calls do for each line of a job's log, in order. It returns ErrNotFound while
// there is no log.
func (j *Jobs) Log(ctx context.Context, group, job string, do func(line string) error) error {
	input := map[string]any{"logGroupName": group, "logStreamName": job, "startFromHead": true}
	token := ""
	for {
		var answer struct {
			Events []struct {
				Message string `json:"message"`
			} `json:"events"`
			NextForwardToken string `json:"nextForwardToken"`
		}
		if err := call(ctx, j.logs, "GetLogEvents", input, &answer); err != nil {
			return err
		}
		for _, event := range answer.Events {
			for line := range strings.Lines(event.Message) {
				if err := do(strings.TrimSpace(line)); err != nil {
					return err
				}
			}
		}
		// The end is where the token stays the same ("GetLogEvents", Amazon
		// CloudWatch Logs API Reference); pages before it can be empty.
		if answer.NextForwardToken == "" || answer.NextForwardToken == token {
			return nil
		}
		token = answer.NextForwardToken
		input["nextToken"] = token
	}
}

// call calls an operation and reads its answer. Its errors are those of this package,
// or contain the service's code. They never contain its message.
func call(ctx context.Context, caller awsjson.Caller, operation string, input, answer any) error {
	text, err := caller.Call(ctx, operation, input)
	if err != nil {
		return faultOf(ctx, operation, err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s: %w: the response cannot be read", operation, ErrUnanswered)
	}
	return nil
}

func faultOf(ctx context.Context, operation string, err error) error {
	code, message := awsfault.Code(err)
	message = strings.ToLower(message)
	fault := awsfault.Of(ctx, adapter, operation, err)
	is := func(kind error) error { return fmt.Errorf("%w: %w", kind, fault) }
	switch {
	case ctx.Err() != nil:
		return fault
	case code == "":
		return is(ErrUnanswered)
	case operation == "CreateUserImportJob" && strings.Contains(message, "role"), strings.Contains(message, "passrole"):
		return is(ErrRole)
	case code == "PreconditionNotMetException" && strings.Contains(message, "csv"):
		return is(ErrNoUpload)
	case code == "PreconditionNotMetException", code == "LimitExceededException", code == "UserImportInProgressException":
		return is(ErrBusy)
	case code == "ResourceNotFoundException":
		return is(ErrNotFound)
	case strings.HasPrefix(code, "AccessDenied"), code == "NotAuthorizedException":
		return is(ErrNotPermitted)
	case code == "InternalErrorException", code == "InternalServerError", code == "ServiceUnavailable", code == "ServiceUnavailableException":
		return is(ErrUnanswered)
	default:
		return fault
	}
}
