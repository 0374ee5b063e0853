// Package importstub replaces Cognito's user import job and its log in CloudWatch. It
// follows the documented rules ("Importing users into user pools from a CSV file",
// Amazon Cognito Developer Guide) and reported cases. It is strict: an undocumented
// request is an error. A job continues with each request about it, so that no result
// depends on time.
package importstub

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Stub is one account with one user pool.
type Stub struct {
	// PoolID and PoolName name the user pool, URL is where the stub is served.
	PoolID, PoolName, URL string
	Header                []string
	AutoVerified          []string
	UsernameAttributes    []string
	AliasAttributes       []string
	Required              []string
	MFA                   string
	// Now is the clock.
	Now func() time.Time
	// Roles are those that the caller may pass and Cognito can assume.
	Roles []string
	// Step is the number of lines that a job processes with each request about it.
	Step int
	// LateStarts is the number of starts of a job that do not see its upload.
	LateStarts int
	// TooMany is how many users may fail or be skipped before the job ends as Failed;
	// zero for any number.
	TooMany int
	// CountsHeader makes the log count the header as line 1.
	CountsHeader bool
	// FailLine makes a line fail by an internal error.
	FailLine func(username string) bool
	// NoLog makes the log unreadable.
	NoLog bool
	// Refuse answers an operation with an error, if it returns a code. The call has
	// not happened.
	Refuse func(operation string) (code, message string)
	// Before is called before, and After after each operation; both may end the
	// caller.
	Before, After func(operation string)

	mu   sync.Mutex
	jobs []*Job
	// users are the users of the pool by username and alias.
	users map[string]bool
	// Times is how often each user was imported.
	times map[string]int
	rows  map[string]map[string]string
}

// Job is a job of the stub.
type Job struct {
	ID, Name, Role, Algorithm string
	Status, Message           string
	Created                   time.Time
	Imported, Skipped, Failed int
	url                       string
	file                      []byte
	uploaded                  bool
	starts                    int
	lines                     []string
	next                      int
	log                       []string
}

// Job statuses.
const (
	created, pending, inProgress        = "Created", "Pending", "InProgress"
	stopped, expired, failed, succeeded = "Stopped", "Expired", "Failed", "Succeeded"
	urlTime, startTime                  = 15 * time.Minute, 24 * time.Hour
	mostBytes, mostRows, mostCharacters = 100_000_000, 500_000, 16_000
	linesOfPage                         = 10_000
)

// Jobs returns all jobs.
func (s *Stub) Jobs() []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := make([]Job, len(s.jobs))
	for i, job := range s.jobs {
		jobs[i] = *job
	}
	return jobs
}

// Times returns how often each user was imported.
func (s *Stub) Times() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := make(map[string]int, len(s.times))
	for name, count := range s.times {
		times[name] = count
	}
	return times
}

// Row returns the row of an imported user.
func (s *Stub) Row(username string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[username]
}

// Change changes the stub while it serves.
func (s *Stub) Change(change func(*Stub)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// AddUser puts a user into the pool.
func (s *Stub) AddUser(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init()
	s.users[name] = true
}

func (s *Stub) init() {
	if s.users == nil {
		s.users, s.times, s.rows = make(map[string]bool), make(map[string]int), make(map[string]map[string]string)
	}
}

// fault is an answer of the service that is an error.
type fault struct{ code, message string }

// ServeHTTP implements [http.Handler].
func (s *Stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := r.Header.Get("X-Amz-Target")
	operation = operation[strings.LastIndexByte(operation, '.')+1:]
	if r.Method == http.MethodPut {
		operation = "Upload"
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	s.mu.Lock()
	before, after := s.Before, s.After
	s.mu.Unlock()
	if before != nil {
		before(operation)
	}
	if after == nil {
		after = func(string) {}
	}
	s.mu.Lock()
	s.init()
	if operation == "Upload" {
		status := s.upload(r, body)
		s.mu.Unlock()
		after(operation)
		w.WriteHeader(status)
		return
	}
	var in map[string]any
	_ = json.Unmarshal(body, &in)
	answer, wrong := s.answer(operation, in)
	s.mu.Unlock()
	after(operation)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if wrong != nil {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]string{"__type": wrong.code, "message": wrong.message}
	}
	_ = json.NewEncoder(w).Encode(answer) // the caller may have gone
}

func text(in map[string]any, name string) string {
	value, _ := in[name].(string)
	return value
}

func (s *Stub) answer(operation string, in map[string]any) (any, *fault) {
	if s.Refuse != nil {
		if code, message := s.Refuse(operation); code != "" {
			return nil, &fault{code, message}
		}
	}
	if operation == "GetLogEvents" {
		return s.events(in)
	}
	if text(in, "UserPoolId") != s.PoolID {
		return nil, &fault{"ResourceNotFoundException", "User pool does not exist."}
	}
	switch operation {
	case "DescribeUserPool":
		return s.describePool(), nil
	case "GetCSVHeader":
		return map[string]any{"UserPoolId": s.PoolID, "CSVHeader": s.Header}, nil
	case "CreateUserImportJob":
		return s.create(in)
	case "ListUserImportJobs":
		return s.list(in)
	}
	i := slices.IndexFunc(s.jobs, func(job *Job) bool { return job.ID == text(in, "JobId") })
	if i < 0 {
		return nil, &fault{"ResourceNotFoundException", "Job does not exist."}
	}
	job := s.jobs[i]
	s.expire(job)
	switch operation {
	case "StartUserImportJob":
		return s.start(job)
	case "StopUserImportJob":
		if job.Status != created && job.Status != pending && job.Status != inProgress {
			return nil, &fault{"PreconditionNotMetException", "The job cannot be stopped."}
		}
		job.Status = stopped
	case "DescribeUserImportJob":
		s.step(job)
	default:
		return nil, &fault{"UnknownOperationException", operation}
	}
	return map[string]any{"UserImportJob": shown(job)}, nil
}

func (s *Stub) describePool() any {
	var schema []map[string]any
	for _, column := range s.Header {
		if strings.HasPrefix(column, "cognito:") {
			continue
		}
		schema = append(schema, map[string]any{"Name": column, "AttributeDataType": "String", "Required": slices.Contains(s.Required, column)})
	}
	return map[string]any{"UserPool": map[string]any{
		"Id": s.PoolID, "Name": s.PoolName, "EstimatedNumberOfUsers": len(s.users), "MfaConfiguration": s.MFA, "AutoVerifiedAttributes": s.AutoVerified,
		"UsernameAttributes": s.UsernameAttributes, "AliasAttributes": s.AliasAttributes, "SchemaAttributes": schema,
	}}
}

func shown(job *Job) map[string]any {
	return map[string]any{
		"JobId": job.ID, "JobName": job.Name, "PreSignedUrl": job.url, "Status": job.Status, "CreationDate": float64(job.Created.UnixMilli()) / 1000,
		"ImportedUsers": job.Imported, "SkippedUsers": job.Skipped, "FailedUsers": job.Failed, "CompletionMessage": job.Message, "CloudWatchLogsRoleArn": job.Role,
	}
}

func (s *Stub) create(in map[string]any) (any, *fault) {
	role, algorithm := text(in, "CloudWatchLogsRoleArn"), text(in, "PasswordHashingAlgorithm")
	switch {
	case !slices.Contains(s.Roles, role):
		return nil, &fault{"AccessDeniedException", "User is not authorized to perform: iam:PassRole on resource: " + role}
	case algorithm != "" && !slices.Contains([]string{"BCRYPT", "SCRYPT", "ARGON2ID", "PBKDF2_SHA256"}, algorithm):
		return nil, &fault{"InvalidParameterException", "passwordHashingAlgorithm"}
	case len(s.AutoVerified) == 0:
		return nil, &fault{"PreconditionNotMetException", "The pool verifies no attribute."}
	case len(text(in, "JobName")) == 0 || len(text(in, "JobName")) > 128:
		return nil, &fault{"InvalidParameterException", "jobName"}
	}
	job := &Job{ID: fmt.Sprintf("import-%010d", len(s.jobs)+1), Name: text(in, "JobName"), Role: role, Algorithm: algorithm, Status: created, Created: s.Now()}
	job.url = fmt.Sprintf("%s/bucket/%s/%s?X-Amz-Security-Token=a%%2Fb%%2B%%3D%%3D&X-Amz-Signature=%d&x-id=a+b", s.URL, s.PoolID, job.ID, len(s.jobs))
	s.jobs = append(s.jobs, job)
	return map[string]any{"UserImportJob": shown(job)}, nil
}

// list gives two jobs a page, the newest first.
func (s *Stub) list(in map[string]any) (any, *fault) {
	if most, ok := in["MaxResults"].(float64); !ok || most < 1 || most > 60 {
		return nil, &fault{"InvalidParameterException", "maxResults"}
	}
	first, _ := strconv.Atoi(text(in, "PaginationToken"))
	jobs := []map[string]any{}
	for i := first; i < min(first+2, len(s.jobs)); i++ {
		job := s.jobs[len(s.jobs)-1-i]
		s.expire(job)
		jobs = append(jobs, shown(job))
	}
	answer := map[string]any{"UserImportJobs": jobs}
	if first+2 < len(s.jobs) {
		answer["PaginationToken"] = strconv.Itoa(first + 2)
	}
	return answer, nil
}

func (s *Stub) expire(job *Job) {
	if job.Status == created && s.Now().Sub(job.Created) >= startTime {
		job.Status = expired
	}
}

// upload is S3's side: the URL as it was given, for 15 minutes, with the header.
func (s *Stub) upload(r *http.Request, body []byte) int {
	if s.Refuse != nil {
		if code, _ := s.Refuse("Upload"); code != "" {
			return http.StatusServiceUnavailable
		}
	}
	for _, job := range s.jobs {
		if s.URL+r.RequestURI != job.url {
			continue
		}
		if s.Now().Sub(job.Created) > urlTime || r.Header.Get("X-Amz-Server-Side-Encryption") != "aws:kms" || r.Header.Get("Authorization") != "" {
			return http.StatusForbidden
		}
		if r.ContentLength < 0 {
			return http.StatusLengthRequired
		}
		job.file, job.uploaded = body, true
		return http.StatusOK
	}
	return http.StatusForbidden
}

func (s *Stub) start(job *Job) (any, *fault) {
	if job.Status != created {
		return nil, &fault{"PreconditionNotMetException", "The job is " + job.Status + "."}
	}
	for _, other := range s.jobs {
		if other.Status == pending || other.Status == inProgress {
			return nil, &fault{"PreconditionNotMetException", "Another import job is active."}
		}
	}
	job.starts++
	if !job.uploaded || job.starts <= s.LateStarts {
		return nil, &fault{"PreconditionNotMetException", "No csv file was uploaded."}
	}
	job.Status = pending
	return map[string]any{"UserImportJob": shown(job)}, nil
}

// step does some lines of a job.
func (s *Stub) step(job *Job) {
	switch job.Status {
	case pending:
		job.Status = inProgress
		if wrong := s.parse(job); wrong != "" {
			job.Status, job.Message = failed, wrong
		}
		return
	case inProgress:
	default:
		return
	}
	for range max(1, s.Step) {
		if job.next == len(job.lines) {
			job.Status, job.Message, job.lines = succeeded, "The user import job has completed.", nil
			return
		}
		s.line(job, job.lines[job.next])
		job.next++
		if s.TooMany > 0 && job.Skipped+job.Failed > s.TooMany {
			job.Status, job.Message = failed, "Too many users have failed or been skipped during the import."
			return
		}
	}
}

// parse holds the file as a whole against the format.
func (s *Stub) parse(job *Job) string {
	file := string(job.file)
	job.file = nil
	switch {
	case len(file) > mostBytes:
		return "The file is larger than 100 MB."
	case !utf8.ValidString(file), strings.HasPrefix(file, "\ufeff"):
		return "The file is not UTF-8 without a byte order mark."
	case strings.Contains(file, `"`):
		return "The file has quotation marks."
	case strings.ContainsAny(file, "\r\v\f"):
		return "The file has line breaks of another kind."
	case !strings.HasSuffix(file, "\n"):
		return "The last line is not complete."
	}
	lines := strings.Split(strings.TrimSuffix(file, "\n"), "\n")
	header := cells(lines[0])
	if len(header) != len(s.Header) || !sameSet(header, s.Header) {
		return "The header does not have the columns of the pool."
	}
	if len(lines)-1 > mostRows {
		return "The file has more than 500,000 users."
	}
	for i, line := range lines {
		if utf8.RuneCountInString(line) > mostCharacters {
			return fmt.Sprintf("Row %d is too long.", i)
		}
		if len(cells(line)) != len(header) {
			return fmt.Sprintf("Row %d does not have the columns of the header.", i)
		}
	}
	s.Header, job.lines = header, lines[1:]
	return ""
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// cells splits a row: a comma that is part of a value has a backslash before it.
func cells(line string) []string {
	var all []string
	var cell strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case strings.HasPrefix(line[i:], `\,`):
			cell.WriteByte(',')
			i++
		case line[i] == ',':
			all = append(all, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	return append(all, strings.TrimSpace(cell.String()))
}

// line imports one user, and writes the line of the log.
func (s *Stub) line(job *Job, line string) {
	row := make(map[string]string)
	for i, value := range cells(line) {
		row[s.Header[i]] = value
	}
	number := job.next + 1
	if s.CountsHeader {
		number++
	}
	why, name := s.wrongWith(row), row["cognito:username"]
	names := []string{name}
	for _, alias := range slices.Concat(s.AliasAttributes, s.UsernameAttributes) {
		if row[alias] != "" && row[alias] != name {
			names = append(names, row[alias])
		}
	}
	switch {
	case why != "":
		job.Failed++
		job.log = append(job.log, fmt.Sprintf("[FAILED] Line Number %d - The import failed: %s", number, why))
	case slices.ContainsFunc(names, func(name string) bool { return s.users[name] }):
		job.Skipped++
		job.log = append(job.log, fmt.Sprintf("[SKIPPED] Line Number %d - The user already exists.", number))
	default:
		job.Imported++
		for _, name := range names {
			s.users[name] = true
		}
		s.times[name]++
		s.rows[name] = row
		job.log = append(job.log, fmt.Sprintf("[SUCCEEDED] Line Number %d - The import succeeded.", number))
	}
}

// wrongWith says why a user cannot be imported; empty if nothing is wrong.
func (s *Stub) wrongWith(row map[string]string) string {
	name := row["cognito:username"]
	verified := false
	for contact, flag := range map[string]string{"email": "email_verified", "phone_number": "phone_number_verified"} {
		switch strings.ToLower(row[flag]) {
		case "true":
			if row[contact] == "" {
				return contact + " is verified and missing."
			}
			verified = verified || slices.Contains(s.AutoVerified, contact)
		case "false":
		default:
			return flag + " is neither true nor false."
		}
	}
	mfa := strings.ToLower(row["cognito:mfa_enabled"])
	switch {
	case name == "" || strings.ContainsAny(name, " \t") || utf8.RuneCountInString(name) > 128:
		return "The username is not valid."
	case s.FailLine != nil && s.FailLine(name):
		return "Internal error."
	case !verified:
		return "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)."
	case s.MFA == "ON" && mfa != "true", s.MFA != "ON" && s.MFA != "OPTIONAL" && mfa != "false", mfa != "true" && mfa != "false":
		return "cognito:mfa_enabled does not fit the pool."
	case slices.Equal(s.UsernameAttributes, []string{"email"}) && name != row["email"]:
		return "Username should be an email."
	case slices.Equal(s.UsernameAttributes, []string{"phone_number"}) && name != row["phone_number"]:
		return "Username should be a phone number."
	case slices.Contains(s.AliasAttributes, "email") && strings.Contains(name, "@"):
		return "Username cannot be of email format."
	}
	for _, required := range s.Required {
		if row[required] == "" {
			return required + " is required."
		}
	}
	if birthdate := row["birthdate"]; birthdate != "" {
		if _, err := time.Parse("01/02/2006", birthdate); err != nil {
			return "birthdate is not mm/dd/yyyy."
		}
	}
	return ""
}

// events are pages of the log. The first one is empty.
func (s *Stub) events(in map[string]any) (any, *fault) {
	if s.NoLog {
		return nil, &fault{"AccessDeniedException", "not authorized to perform: logs:GetLogEvents"}
	}
	group := "/aws/cognito/userpools/" + s.PoolID + "/" + s.PoolName
	i := slices.IndexFunc(s.jobs, func(job *Job) bool { return text(in, "logStreamName") == job.ID+"/"+job.Name })
	if text(in, "logGroupName") != group || i < 0 || len(s.jobs[i].log) == 0 {
		return nil, &fault{"ResourceNotFoundException", "The specified log stream does not exist."}
	}
	log, token := s.jobs[i].log, text(in, "nextToken")
	events := []map[string]string{}
	if token == "" {
		return map[string]any{"events": events, "nextForwardToken": "0"}, nil
	}
	first, _ := strconv.Atoi(token)
	last := min(first+linesOfPage, len(log))
	for _, line := range log[first:last] {
		events = append(events, map[string]string{"message": line})
	}
	return map[string]any{"events": events, "nextForwardToken": strconv.Itoa(last)}, nil
}
