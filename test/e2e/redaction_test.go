package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/adapters/metrics"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/lambdahost"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// canaries are values that exist once and must not be seen again, by what they
// stand for. Each has signs that JSON, URLs, HTML and Go write in other ways.
type canaries map[string]string

func newCanaries() canaries {
	value := func(of string) string { return "Canary/" + of + `+"<&>\ü=%;` + rand.Text()[:10] }
	return canaries{
		"username": value("user"), "password": value("pass"),
		"email": "canary+mail&" + strings.ToLower(rand.Text()[:10]) + "@canary.example", "phone": "+8190" + strconv.Itoa(10_000_000+time.Now().Nanosecond()%90_000_000),
		"name": value("name"), "address": value("address"), "custom attribute": value("custom"), "sub": "canary-sub-" + rand.Text(),
		"ID token's signature": "canary-id-" + rand.Text(), "access token": "eyJcanary-access-" + rand.Text(), "refresh token": "eyJcanary-refresh-" + rand.Text(),
		"session token": "FQoGcanary/session+" + rand.Text() + "==", "secret access key": "canary/secret+" + rand.Text(),
		"client secret": "canarysecret" + rand.Text(), "HMAC key": "canary-key-of-thirty-two-characters-" + rand.Text(),
		"function's own secret key": "canary/own+" + rand.Text(), "challenge session": "canary-challenge-" + rand.Text(),
		"page": "canary-page-" + rand.Text(), "client metadata": value("metadata"),
	}
}

// forms lists the ways in which a text could be written down: plain, escaped for
// JSON, Go, HTML and URLs, in hexadecimal, and in base64 wherever in a longer
// text it begins.
func forms(value string) []string {
	quoted, _ := json.Marshal(value) // a string always marshals
	var unescaped bytes.Buffer
	encoder := json.NewEncoder(&unescaped)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	list := []string{
		value, strings.Trim(string(quoted), `"`), strings.Trim(strings.TrimSpace(unescaped.String()), `"`),
		strings.Trim(strconv.Quote(value), `"`), strings.Trim(strconv.QuoteToASCII(value), `"`),
		html.EscapeString(value), url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString([]byte(value)),
	}
	for offset := range 3 {
		padded := append(make([]byte, offset), value...)
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			encoded := strings.TrimRight(encoding.EncodeToString(padded), "=")
			// The first and the last signs also hold bits of the neighbours.
			from := []int{0, 2, 3}[offset]
			list = append(list, encoded[from:len(encoded)-1])
		}
	}
	return list
}

// detector finds canaries in an output, in whatever form and letter case.
type detector struct {
	forms map[string][]string // of each canary, in lower case
	clean map[string]bool     // short outputs in which nothing was found
}

func (c canaries) detector() *detector {
	d := &detector{forms: make(map[string][]string), clean: make(map[string]bool)}
	for name, value := range c {
		for _, form := range forms(value) {
			if form = strings.ToLower(form); !slices.Contains(d.forms[name], form) {
				d.forms[name] = append(d.forms[name], form)
			}
		}
	}
	return d
}

// leaks lists the canaries that an output holds.
func (d *detector) leaks(output string) (leaks []string) {
	if d.clean[output] {
		return nil
	}
	lower := strings.ToLower(output)
	for name, known := range d.forms {
		for _, form := range known {
			if strings.Contains(lower, form) {
				leaks = append(leaks, name+" as "+form)
				break
			}
		}
	}
	if len(leaks) == 0 && len(output) < 10_000 {
		d.clean[output] = true
	}
	return leaks
}

// leaks is for a single look.
func (c canaries) leaks(output string) []string { return c.detector().leaks(output) }

// without gives the canaries but for some.
func (c canaries) without(names ...string) canaries {
	rest := maps.Clone(c)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

// A detector that finds nothing proves nothing.
func TestTheDetectorOfCanariesFindsThemInEveryForm(t *testing.T) {
	t.Parallel()
	all := newCanaries()
	for name, value := range all {
		for i, form := range append(forms(value), strings.ToUpper(value)) {
			one := canaries{name: value}
			if len(one.leaks("a line with "+form+" in it")) != 1 {
				t.Errorf("%s, form %d: not found", name, i)
			}
		}
		for offset := range 4 {
			longer := strings.Repeat("x", offset) + value + "and more"
			if len((canaries{name: value}).leaks(base64.StdEncoding.EncodeToString([]byte(longer)))) != 1 {
				t.Errorf("%s: not found in base64 at %d", name, offset)
			}
		}
	}
	if found := all.leaks(`{"level":"INFO","message":"ready"}`); len(found) != 0 {
		t.Errorf("found %q where there is none", found)
	}
}

// source is the source account whose every answer is full of canaries.
func (c canaries) source() map[string]operation {
	attributes := map[string]string{
		"sub": c["sub"], "email": c["email"], "email_verified": "true", "phone_number": c["phone"], "phone_number_verified": "true",
		"name": c["name"], "address": c["address"], "custom:legacy": c["custom attribute"],
	}
	var listed []map[string]string
	claims := map[string]any{"cognito:username": c["username"], "email_verified": true, "phone_number_verified": true, "token_use": "id"}
	for name, value := range attributes {
		listed = append(listed, map[string]string{"Name": name, "Value": value})
		if _, set := claims[name]; !set {
			claims[name] = value
		}
	}
	return map[string]operation{
		"AssumeRole": rewritten(func(body string) string {
			return strings.NewReplacer("<SecretAccessKey>stub<", "<SecretAccessKey>"+html.EscapeString(c["secret access key"])+"<",
				"<SessionToken>FQoGZXIvYXdzstub<", "<SessionToken>"+html.EscapeString(c["session token"])+"<").Replace(body)
		})(assumeRole),
		"AdminInitiateAuth": answer(map[string]any{"AuthenticationResult": map[string]any{
			"AccessToken": c["access token"], "RefreshToken": c["refresh token"], "IdToken": jwt(claims) + c["ID token's signature"],
			"ExpiresIn": 3600, "TokenType": "Bearer",
		}}),
		"AdminGetUser":            answer(map[string]any{"Username": c["username"], "Enabled": true, "UserStatus": "CONFIRMED", "UserAttributes": listed}),
		"GetUserPoolMfaConfig":    mfaConfig("OPTIONAL", "MULTI_FACTOR_WITH_USER_VERIFICATION"),
		"AdminGetUserAuthFactors": answer(map[string]any{"Username": c["username"], "ConfiguredUserAuthFactors": []string{"PASSWORD"}}),
	}
}

// everything is all canaries in one text, as a service that repeats what it was
// sent.
func (c canaries) everything() string {
	var b strings.Builder
	for _, value := range c {
		b.WriteString(value + " ")
	}
	return b.String()
}

// paths lists what can come of an attempt: every fault with an answer of its own
// kind, every error code of each operation and every challenge.
func (c canaries) paths(columns []*call, known map[string][]string) map[string]map[string]breaking {
	list := map[string]map[string]breaking{"success": {}}
	message := c.everything()
	for _, column := range columns {
		on := func(name string, how breaking) {
			list[column.operation+": "+name] = map[string]breaking{column.operation: how}
		}
		for _, f := range faults() {
			if f.answer != nil && f.transport == plain && (!f.hangs || f.name == "no answer" && column.proves) && (f.on == nil || f.on(column, true)) {
				on(f.name, f.answer)
			}
		}
		for _, name := range append(slices.Clone(known[column.operation]), "AccessDeniedException", "ThrottlingException", "SomethingNobodyHasSeen", message) {
			on("400 "+name, func(right operation) operation {
				return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
					said, called := message, name
					if isQuery(r) { // in XML
						said, called = html.EscapeString(said), html.EscapeString(called)
					}
					code(400, called, said)(right)(w, r, input)
				}
			})
		}
		on("a page that repeats everything", text(200, "text/html", "<html>"+message))
		on("a broken text that repeats everything", text(200, "application/json", `{"a":"`+message))
		on("a line that is not HTTP", babbling(c["page"]))
		on("a redirect", redirecting("http://127.0.0.1:1/"+c["page"]))
		on("a gateway's page that repeats everything", text(502, "text/html", message))
	}
	for _, name := range []string{"SMS_MFA", "NEW_PASSWORD_REQUIRED", "CUSTOM_CHALLENGE", c["username"]} {
		list["challenge "+name] = map[string]breaking{"AdminInitiateAuth": func(operation) operation {
			return answer(map[string]any{"ChallengeName": name, "Session": c["challenge session"], "ChallengeParameters": map[string]string{"a": message}})
		}}
	}
	for _, said := range []string{"Incorrect username or password. ", "User is disabled.", "Password attempts exceeded", "Unable to verify secret hash for client "} {
		list["not authorized: "+said] = map[string]breaking{"AdminInitiateAuth": code(400, "NotAuthorizedException", said+message)}
	}
	return list
}

// TestNothingThatIsSecretOrPersonalIsEverWritten drives every path, success and
// fault, with canaries in every place, and finds none of them in what the
// function writes, answers with an error, or reports of a start that failed.
func TestNothingThatIsSecretOrPersonalIsEverWritten(t *testing.T) {
	t.Parallel()
	traced.get(t)
	known := make(map[string][]string)
	for _, column := range calls() {
		known[column.operation] = column.exceptions(t)
	}
	for name, more := range map[string][]string{
		"concealing, as it comes":      {},
		"recording everywhere":         {"AUDIT_SINKS", "log,eventbridge,firehose", "AUDIT_FIREHOSE_STREAM", "audit"},
		"in OCSF, or nobody is moved":  {"AUDIT_SINKS", "eventbridge,log,firehose", "AUDIT_FIREHOSE_STREAM", "audit", "AUDIT_FORMAT", "ocsf", "AUDIT_FAILURE", "closed"},
		"explaining, at debug level":   {"MIGRATE_REFUSAL", "explain", "AWS_LAMBDA_LOG_LEVEL", "DEBUG", "AWS_LAMBDA_LOG_FORMAT", "JSON", "AUDIT_USERNAME", "none"},
		"profiles beside the sign-in":  {"SOURCE_PROFILE", "concurrent", "MIGRATE_ON_MFA", "migrate", "MIGRATE_REFUSAL", "explain"},
		"traced":                       {"OTEL_TRACES_EXPORTER", "otlp", "MIGRATE_ON_MFA", "migrate"},
		"by the ID token, all allowed": {"SOURCE_PROFILE", "id_token", "MIGRATE_ON_MFA", "migrate", "MIGRATE_ON_TEMPORARY_PASSWORD", "confirm", "MIGRATE_ATTRIBUTES", "*,custom:legacy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var served tally
			program := shipped.get(t)
			var shards sync.WaitGroup
			for shard := range shardsOfPaths {
				shards.Go(func() { driveShard(t, program, shard, more, known, &served) })
			}
			shards.Wait()
			for _, class := range [][]string{{"migrated"}, {"refused", lambdatrigger.TypeRefusal}, {lambdatrigger.TypeFailure}, {lambdatrigger.TypeMalformed}} {
				if served.of(class...) == 0 {
					t.Errorf("no attempt was %s, so nothing is proved", class)
				}
			}
			t.Logf("%v", served.counts)
		})
	}
}

// shardsOfPaths is how many functions share the paths of one setting: most of
// the time passes between tries.
const shardsOfPaths = 5

// tally counts answers by their kind.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (n *tally) add(kind string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.counts == nil {
		n.counts = make(map[string]int)
	}
	n.counts[kind]++
}

func (n *tally) of(kinds ...string) (sum int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, kind := range kinds {
		sum += n.counts[kind]
	}
	return sum
}

// driveShard drives some of the paths through a function with canaries of its
// own, and reads all that the function has written.
func driveShard(t *testing.T, program *binary, shard int, more []string, known map[string][]string, served *tally) {
	c := newCanaries()
	r := &rig{stub: &stub{operations: make(map[string]operation), calls: make(map[string][]map[string]any)}, right: c.source(), timeout: hanging, binary: program}
	r.person.username, r.person.password = c["username"], c["password"]
	var errs [2]error
	r.sts, errs[0] = newFront(r.stub, nil, nil, false)
	r.idp, errs[1] = newFront(r.stub, nil, nil, false)
	if err := errors.Join(errs[:]...); err != nil {
		t.Error(err)
		return
	}
	defer r.sts.close()
	defer r.idp.close()
	r.restore()
	r.settings = r.stub.settings().with("AWS_ENDPOINT_URL_STS", r.sts.url(), "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", r.idp.url(),
		"AWS_SECRET_ACCESS_KEY", c["function's own secret key"], "SOURCE_CLIENT_SECRET", c["client secret"]).with(more...)
	places := &auditStub{everything: c.everything()}
	placesServer := httptest.NewServer(places)
	defer placesServer.Close()
	r.settings = r.settings.with("AWS_ENDPOINT_URL_EVENTBRIDGE", placesServer.URL, "AWS_ENDPOINT_URL_FIREHOSE", placesServer.URL)
	if r.settings["AUDIT_USERNAME"] == "" {
		r.settings["AUDIT_HMAC_KEY"] = c["HMAC key"]
	}
	var traces *traceCollector
	if r.settings["OTEL_TRACES_EXPORTER"] != "" {
		traces = newTraceCollector(t)
		r.binary, r.settings = traced.value, r.settings.with("OTEL_EXPORTER_OTLP_ENDPOINT", traces.url)
	}
	if err := r.launch(t); err != nil {
		t.Error(err)
		return
	}
	// What Cognito is to write down may be in the response, and nothing else.
	watch := watch{c.detector(), c.without("username", "email", "phone", "name", "address", "custom attribute").detector()}
	r.drive(t, c, watch, shard, known, served)
	if err := r.function.Close(); err != nil {
		t.Error(err)
	}
	received := places.text()
	if asked := r.settings["AUDIT_SINKS"] != ""; asked && (strings.Count(received, "\n") < 10 || !strings.Contains(r.function.Stdout(), "an audit record was not kept")) {
		t.Errorf("%d records were taken elsewhere, so nothing is proved", strings.Count(received, "\n"))
	}
	outputs := map[string]string{"stdout": r.function.Stdout(), "stderr": r.function.Stderr(), "what went to the bus and the stream": received}
	if traces != nil {
		outputs["the trace"] = traces.everything()
		if len(traces.spans()) < 20 {
			t.Errorf("%d spans prove nothing", len(traces.spans()))
		}
	}
	for stream, output := range outputs {
		for _, leak := range watch.everywhere.leaks(output) {
			t.Errorf("%s holds the %s", stream, leak)
		}
	}
	for _, kind := range []string{`"logger":"audit"`, `"_aws"`, `"level":"ERROR"`} {
		if !strings.Contains(r.function.Stdout(), kind) {
			t.Errorf("nothing was written of kind %s, so nothing is proved", kind)
		}
	}
}

// auditStub is EventBridge and Firehose, which keep what they get, and every
// fourth time answer with an error that repeats everything.
type auditStub struct {
	everything string
	mu         sync.Mutex
	calls      int
	received   strings.Builder
}

// ServeHTTP implements [http.Handler].
func (s *auditStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost { // a connection being warmed
		return
	}
	var input struct {
		Entries []struct{ Source, DetailType, Detail string }
		Record  struct{ Data []byte }
	}
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &input)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	var events []map[string]string
	fmt.Fprintf(&s.received, "%s %s\n", body, input.Record.Data)
	for _, entry := range input.Entries {
		fmt.Fprintf(&s.received, "%s %s %s\n", entry.Source, entry.DetailType, entry.Detail)
		events = append(events, map[string]string{"EventId": "1"})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch {
	case s.calls%8 == 4:
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": "ResourceNotFoundException", "message": s.everything})
	case s.calls%8 == 0 && len(events) > 0:
		_ = json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": 1, "Entries": []map[string]string{{"ErrorCode": s.everything, "ErrorMessage": s.everything}}})
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": 0, "Entries": events, "RecordId": "1"})
	}
}

func (s *auditStub) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received.String()
}

// restore puts the source account in order.
func (r *rig) restore() {
	for name, right := range r.right {
		r.stub.on(name, right)
	}
}

// watch looks for canaries everywhere, and for those that a response must not hold.
type watch struct{ everywhere, response *detector }

// drive sends both events down every path of the shard, and what is no event.
func (r *rig) drive(t *testing.T, c canaries, w watch, shard int, known map[string][]string, served *tally) {
	good := signIn(c["username"], c["password"])
	paths := c.paths(calls(), known)
	for i, name := range slices.Sorted(mapKeys(paths)) {
		if i%shardsOfPaths != shard && name != "success" {
			continue
		}
		for operation, how := range paths[name] {
			if operation == "AssumeRole" { // let it be needed
				r.stub.on("AdminInitiateAuth", code(400, "ExpiredTokenException", "x")(nil))
				r.send(t, w, good)
				r.restore()
			}
			r.stub.on(operation, how(r.right[operation]))
		}
		for _, event := range []string{good, forgotPassword(c["username"])} {
			served.add(r.send(t, w, event))
			if name == "success" {
				served.add(r.send(t, w, strings.Replace(event, `"validationData":null`, `"validationData":{"m":`+quote(c["client metadata"])+`}`, 1)))
			}
		}
		r.restore()
	}
	for _, event := range []string{
		good[:len(good)-20], good + good, `"` + c["password"] + `"`, strings.Replace(good, `"userName":`, `"userName":{},"x":`, 1),
		strings.Replace(good, "UserMigration_Authentication", "Canary", 1), strings.Replace(good, `"request":{`, `"request":{"password":5,`, 1),
	} {
		served.add(r.send(t, w, event))
	}
}

// send hands the function an event, looks for canaries in the answer, and says
// what kind of answer it was.
func (r *rig) send(t *testing.T, w watch, event string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := r.function.Invoke(ctx, []byte(event))
	if err != nil {
		t.Errorf("%v\n%s", err, r.function.Stderr())
		return "lost"
	}
	if got.FunctionError != "" {
		for _, leak := range w.everywhere.leaks(string(got.Payload)) {
			t.Errorf("the client sees the %s", leak)
		}
		said, err := got.Error()
		if err != nil {
			t.Error(err)
		}
		return said.Type
	}
	var answered struct{ Response json.RawMessage }
	if err := json.Unmarshal(got.Payload, &answered); err != nil {
		t.Error(err)
	}
	for _, leak := range w.response.leaks(string(answered.Response)) {
		t.Errorf("the response holds the %s", leak)
	}
	if string(answered.Response) == "{}" {
		return "refused"
	}
	return "migrated"
}

// A start that fails repeats nothing of what was set.
func TestNoSettingIsRepeatedByAStartThatFails(t *testing.T) {
	t.Parallel()
	c := newCanaries()
	everywhere := outOfTheWay()
	for _, variable := range []string{
		"MIGRATE_ATTRIBUTES", "MIGRATE_VERIFIED_CONTACTS", "MIGRATE_USERNAME", "MIGRATE_ON_MFA", "MIGRATE_REFUSAL", "MIGRATE_FORCE_ALIAS_CREATION",
		"MIGRATE_MESSAGE_ACTION", "SOURCE_USER_POOL_ID", "SOURCE_CLIENT_ID", "SOURCE_REGION", "SOURCE_ROLE_ARN", "SOURCE_EXTERNAL_ID", "SOURCE_PROFILE",
		"SOURCE_PASSWORD", "AUDIT_SINKS", "AUDIT_FORMAT", "AUDIT_FAILURE", "AUDIT_EVENT_BUS", "AUDIT_FIREHOSE_STREAM", "AUDIT_USERNAME", "COMPLETION_AFTER", "COMPLETION_GROUPS", "LOCKOUT_TABLE",
	} {
		everywhere[variable] = c["password"]
	}
	everywhere["AWS_SECRET_ACCESS_KEY"], everywhere["SOURCE_CLIENT_SECRET"] = c["secret access key"], c["client secret"]
	everywhere["AUDIT_HMAC_KEY"] = c["HMAC key"][:20]
	c["HMAC key"] = c["HMAC key"][:20]
	f := launch(t, everywhere)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var initError *lambdahost.InitError
	if err := f.Ready(ctx); !errors.As(err, &initError) {
		t.Fatalf("got %v, want an init error", err)
	}
	for _, leak := range c.leaks(string(initError.Body) + f.Stdout() + f.Stderr()) {
		t.Errorf("the start repeats the %s", leak)
	}
}

// careless is an adapter that panics with what it was given.
type careless struct{ thrown func(password string) any }

func (c careless) Authenticate(_ context.Context, username string, password domain.Password) (domain.Finding, error) {
	return c.stumble(username, password.Reveal())
}

func (c careless) FindUser(_ context.Context, username string) (domain.Finding, error) {
	return c.stumble(username, username)
}

func (c careless) stumble(username, password string) (domain.Finding, error) {
	if thrown := c.thrown(username + password); thrown != nil {
		panic(thrown)
	}
	var nobody []string
	return domain.Finding{Source: nobody[len(password)]}, nil // a panic of the runtime's own
}

// A panic in an adapter is a failure; the log says where, and holds no argument.
func TestAPanicShowsWhereAndNotWhat(t *testing.T) {
	t.Parallel()
	for name, thrown := range map[string]func(string) any{
		"a text":            func(password string) any { return "no such user: " + password },
		"an error":          func(password string) any { return fmt.Errorf("bind %s: %w", password, io.EOF) },
		"a structure":       func(password string) any { return struct{ Password string }{password} },
		"the runtime's own": func(string) any { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCanaries()
			var log bytes.Buffer
			logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&log), zapcore.DebugLevel))
			handler := lambdatrigger.New(migrate.New(careless{thrown}, sinks{auditlog.New(logger, domain.AuditFormatJSON, ports.AuditOrigin{}), metrics.New(&log, "f")}, migrate.Options{
				Rules: domain.DefaultRules(), Pseudonymizer: domain.NewPseudonymizer(domain.AuditUsernameHMAC, domain.NewSecret(c["HMAC key"])),
			}), logger, lambdatrigger.Options{Explain: true})
			for _, event := range []string{signIn(c["username"], c["password"]), forgotPassword(c["username"])} {
				_, err := handler.Invoke(t.Context(), []byte(event))
				if err == nil || !strings.Contains(fmt.Sprintf("%+v", err), lambdatrigger.TextFailure) {
					t.Errorf("the client sees %v", err)
				}
				for _, leak := range c.leaks(fmt.Sprintf("%+v %#v", err, err)) {
					t.Errorf("the client sees the %s", leak)
				}
			}
			for _, leak := range c.leaks(log.String()) {
				t.Errorf("the log holds the %s:\n%s", leak, log.String())
			}
			for text, times := range map[string]int{"careless.stumble:": 2, `"reason":"internal"`: 2, `"Reason":"internal"`: 2, "0x": 0, "goroutine": 0} {
				if n := strings.Count(log.String(), text); n != times {
					t.Errorf("%q is there %d times, want %d:\n%s", text, n, times, log.String())
				}
			}
		})
	}
}

// sinks are the places for records, as one.
type sinks []interface {
	Record(context.Context, domain.AuditRecord) error
}

func (s sinks) Record(ctx context.Context, record domain.AuditRecord) error {
	var failed []error
	for _, to := range s {
		failed = append(failed, to.Record(ctx, record))
	}
	return errors.Join(failed...)
}
