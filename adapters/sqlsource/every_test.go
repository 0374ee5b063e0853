package sqlsource_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/process"
)

// right is a hash of "U*U" (crypt_blowfish 1.3, wrapper.c).
const right = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

// want is what a query's error must be: its class, and how it begins or what it
// has in it.
type want struct {
	class error
	text  string
}

// every holds a database to what both are held to, beside the contract.
func every(t *testing.T, s *server) {
	one := func(columns string) *sqlsource.Directory {
		return open(t, s.settings("SELECT :username AS username, "+columns))
	}
	signIn := func(directory *sqlsource.Directory) (domain.Finding, error) {
		return directory.Authenticate(t.Context(), "anna", domain.NewPassword("U*U"))
	}
	t.Run("hashes", func(t *testing.T) {
		for column, want := range map[string]domain.FindingKind{
			"'" + right + "' AS password_hash": domain.PasswordAccepted,
			"NULL AS password_hash":            domain.PasswordWrong,
			"'' AS password_hash":              domain.PasswordWrong,
			"'!' AS password_hash":             domain.PasswordWrong,
			"'*LK*' AS password_hash":          domain.PasswordWrong,
			"'" + right + "' AS password_hash, 'FORCE_CHANGE_PASSWORD' AS status": domain.TemporaryPasswordAccepted,
			"NULL AS password_hash, 'EXTERNAL_PROVIDER' AS status":                domain.UserFederated,
			"NULL AS password_hash, 'RESET_REQUIRED' AS status":                   domain.ResetRequired,
			"1 AS nothing_else": domain.PasswordWrong,
		} {
			if finding, err := signIn(one(column)); err != nil || finding.Kind != want {
				t.Errorf("%s: %v, %v; want %v", column, finding, err, want)
			}
		}
		// A hash that cannot be used looks like a wrong password, and the operator
		// is told: an error would tell who exists.
		for hash, want := range map[string]string{
			"5f4dcc3b5aa765d61d8327deb882cf99":                             "it looks like an unsalted MD5 in hexadecimal",
			"$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW": "bcrypt",
			"{noop}U*U": "a password in plain text",
			"U*U":       "unknown password hash format",
		} {
			for _, status := range []string{"CONFIRMED", "RESET_REQUIRED", "EXTERNAL_PROVIDER"} {
				var notes []ports.Note
				directory := openWith(t, s.settings("SELECT :username AS username, '"+hash+"' AS password_hash, '"+status+"' AS status"),
					sqlsource.Options{Note: func(note ports.Note) { notes = append(notes, note) }})
				finding, err := signIn(directory)
				if err != nil || finding.Kind != domain.PasswordWrong {
					t.Errorf("%s, %s: %v, %v", hash, status, finding, err)
				}
				if len(notes) != 1 || !notes[0].IsFault || !strings.Contains(fmt.Sprint(notes[0].Names), want) || strings.Contains(fmt.Sprint(notes), hash) || strings.Contains(fmt.Sprint(notes), "anna") {
					t.Errorf("%s: the operator is told %v", hash, notes)
				}
				if found, err := directory.FindUser(t.Context(), "anna"); err != nil || found.Kind != domain.UserFound {
					t.Errorf("%s: a look-up takes no hash, and gives %v, %v", hash, found, err)
				}
			}
		}
	})
	t.Run("columns", func(t *testing.T) {
		quote := map[sqlsource.Driver]string{sqlsource.Postgres: `"`, sqlsource.MySQL: "`"}[s.driver]
		finding, err := signIn(one(fmt.Sprintf(
			"'%s' AS password_hash, 'S1' AS sub, '; staff;Domain Users ;' AS groups, 'acme' AS %scustom:tenant%s, NULL AS email, 1 AS email_verified, 0 AS phone_number_verified, NULL AS status, 1 AS enabled",
			right, quote, quote)))
		if err != nil {
			t.Fatal(err)
		}
		user := finding.User
		attributes := map[string]string(user.Attributes)
		got := fmt.Sprint(user.Username, user.Sub, user.Status, user.Enabled, user.GroupsKnown, len(user.Groups), attributes)
		if wanted := "anna" + "S1" + fmt.Sprint(domain.StatusConfirmed, true, true, 2, map[string]string{
			"sub": "S1", "custom:tenant": "acme", "email_verified": "true", "phone_number_verified": "false",
		}); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(wanted, " ", "") {
			t.Errorf("got  %s\nwant %s", got, wanted)
		}
		for column, enabled := range map[string]bool{"true AS enabled": true, "false AS enabled": false, "NULL AS enabled": false, "1 AS other": true} {
			if finding, err := signIn(one(column)); err != nil || finding.User.Enabled != enabled {
				t.Errorf("%s: %v, %v", column, finding.User, err)
			}
		}
		if finding, err := signIn(one("1 AS other")); err != nil || finding.User.GroupsKnown {
			t.Errorf("groups are known without a column: %v", err)
		}
		if finding, err := signIn(one("NULL AS groups")); err != nil || !finding.User.GroupsKnown || len(finding.User.Groups) > 0 {
			t.Errorf("no groups: %v", err)
		}
		for _, query := range []string{
			"SELECT :username AS name", "SELECT :username AS username, 1 AS a, 2 AS a", "SELECT :username AS username, 3 AS username",
		} {
			if _, err := open(t, s.settings(query)).FindUser(t.Context(), "anna"); !errors.Is(err, ports.ErrMisconfigured) {
				t.Errorf("%s: %v", query, err)
			}
			if err := open(t, s.settings(query)).Warm(t.Context()); !errors.Is(err, ports.ErrMisconfigured) {
				t.Errorf("%s is not noticed at start: %v", query, err)
			}
		}
	})
	t.Run("columns whose names are written otherwise", func(t *testing.T) {
		quote := map[sqlsource.Driver]string{sqlsource.Postgres: `"`, sqlsource.MySQL: "`"}[s.driver]
		as := func(value, name string) string { return value + " AS " + quote + name + quote }
		for _, name := range []string{"Enabled", "ENABLED", " enabled", "\u3000enabled"} {
			finding, err := signIn(one(as("'"+right+"'", "Password_Hash") + ", " + as("false", name)))
			if err != nil || finding.Kind != domain.PasswordAccepted || finding.User.Enabled {
				t.Errorf("%q: %v, %v: enabled is %t", name, finding, err, finding.User.Enabled)
			}
		}
		if finding, err := signIn(one("'" + right + "' AS password_hash, " + as("'archived'", "Status") + ", " + as("'A@example.com'", "Email"))); err != nil ||
			finding.User.Status != domain.StatusArchived || finding.User.Attributes["email"] != "A@example.com" {
			t.Errorf("%v, %v: %s", finding, err, finding.User.Status)
		}
		for name, meant := range map[string]string{"enabld": "enabled", "Password-Hash": "password_hash", "stat": "status", "user_name": "username", "state": "status"} {
			directory := one(as("'x'", name))
			for way, err := range map[string]error{"at start": directory.Warm(t.Context()), "later": func() error { _, err := signIn(directory); return err }()} {
				if !errors.Is(err, ports.ErrMisconfigured) || !strings.Contains(err.Error(), fmt.Sprintf("%q looks like %s", name, meant)) {
					t.Errorf("%s %s: %v", name, way, err)
				}
			}
		}
		var notes []ports.Note
		mapped := openWith(t, s.settings("SELECT :username AS username, 'Tokyo' AS state, 1 AS age, 'x' AS department"),
			sqlsource.Options{Mapped: []string{"state"}, Note: func(note ports.Note) { notes = append(notes, note) }})
		for range 2 {
			if err := mapped.Warm(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if len(notes) != 1 || !slices.Equal(notes[0].Names, []string{"age", "department"}) {
			t.Errorf("notes %v", notes)
		}
	})
	t.Run("somebody else's row", func(t *testing.T) {
		for query, kind := range map[string]domain.FindingKind{
			"SELECT 'berta' AS username, '" + right + "' AS password_hash WHERE '' < :username":                               domain.UserUnknown,
			"SELECT 'berta' AS username, 'anna@example.com' AS email WHERE '' < :username":                                    domain.UserUnknown,
			"SELECT 'berta' AS username, 'ANNA' AS preferred_username, '" + right + "' AS password_hash WHERE '' < :username": domain.UserUnknown,
			"SELECT username, '" + right + "' AS password_hash FROM people WHERE '' < :username":                              domain.UserUnknown,
			"SELECT 'ANNA' AS username, '" + right + "' AS password_hash FROM people WHERE '' < :username":                    domain.UserAmbiguous,
		} {
			if finding, err := signIn(open(t, s.settings(query))); err != nil || finding.Kind != kind {
				t.Errorf("%s: %v, %v; want %v", query, finding, err, kind)
			}
		}
	})
	t.Run("whom a name names", func(t *testing.T) { whose(t, s) })
	t.Run("certificates", func(t *testing.T) {
		query := "SELECT :username AS username"
		public := s.settings(query)
		public.CABundle = ""
		host := s.settings(query)
		host.URL = domain.NewSecret(strings.Replace(host.URL.Reveal(), "127.0.0.1", "localhost", 1))
		for name, settings := range map[string]sqlsource.Settings{"of nobody known": public, "of another host": host} {
			if err := open(t, settings).Warm(t.Context()); !errors.Is(err, ports.ErrMisconfigured) || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%s: %v", name, err)
			}
		}
		unverified := public
		unverified.TLS = sqlsource.TLSUnverified
		if err := open(t, unverified).Warm(t.Context()); err != nil {
			t.Errorf("unverified: %v", err)
		}
		off := public
		off.TLS = sqlsource.TLSOff
		if err := open(t, off).Warm(t.Context()); !errors.Is(err, ports.ErrMisconfigured) {
			t.Errorf("off, where the server wants TLS: %v", err)
		}
	})
	t.Run("databases and users that are not there", func(t *testing.T) {
		for _, url := range []domain.Secret{s.url(readerName, readerPassword, "absent"), s.url("absent", "x", "people")} {
			settings := s.settings("SELECT :username AS username")
			settings.URL = url
			if err := open(t, settings).Warm(t.Context()); !errors.Is(err, ports.ErrMisconfigured) {
				t.Errorf("%v", err)
			}
		}
	})
}

// padded wants people whose columns are filled up with spaces to be who they are.
func padded(t *testing.T, directory *sqlsource.Directory) {
	t.Helper()
	for name, enabled := range map[string]bool{"anna": true, "berta": false} {
		finding, err := directory.Authenticate(t.Context(), name, domain.NewPassword("U*U"))
		if err != nil || finding.Kind != domain.PasswordAccepted || finding.User.Username != name || finding.User.Enabled != enabled || finding.User.Attributes["email"] != name+"@example.com" {
			t.Errorf("%s: %v, %v: enabled is %t, the username is %q", name, finding, err, finding.User.Enabled, finding.User.Username)
		}
	}
}

// whose asks for people whose names others have entered as theirs, by a query that
// compares the address although nobody proved it, and by the documented one.
func whose(t *testing.T, s *server) {
	t.Helper()
	for _, row := range []map[string]any{
		{"username": "zoe", "email": "zoe@example.com", "email_verified": true},
		{"username": "m1", "email": "zoe"},                                                  // another's username
		{"username": "m2", "email": "zoe@example.com", "email_verified": false},             // another's address
		{"username": "zoe@example.com", "email": "m3@evil.example", "email_verified": true}, // as a username
		{"username": "yuki", "email": "yuki@example.com", "email_verified": true},
		{"username": "m4", "email": "yuki@example.com"},
		{"username": "m5", "email": "ghost@example.com"},
	} {
		row["enabled"], row["status"] = true, "CONFIRMED"
		insert(t, s, row)
	}
	documented := strings.Replace(byNameOrEmail, "email = typed.name", "(email = typed.name AND email_verified)", 1)
	for _, query := range []string{byNameOrEmail, documented} {
		directory := open(t, s.settings(query))
		for typed, want := range map[string]struct {
			username string
			reason   domain.Reason
		}{
			"zoe":               {"zoe", domain.ReasonForgotPassword},
			"yuki":              {"yuki", domain.ReasonForgotPassword},
			"yuki@example.com":  {"yuki", domain.ReasonForgotPassword},
			"ghost@example.com": {"", domain.ReasonUserUnknown},
			// A username goes first, and nobody is created by it who did not prove it.
			"zoe@example.com": {"zoe@example.com", domain.ReasonIdentifierNotOwned},
			"m3@evil.example": {"zoe@example.com", domain.ReasonIdentifierNotOwned},
			"m1":              {"m1", domain.ReasonNoVerifiedContact},
		} {
			finding, err := directory.FindUser(t.Context(), typed)
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: typed}, finding)
			if err != nil || finding.User.Username != want.username || decision.Reason != want.reason {
				t.Errorf("%s: %v of %q, %v; want %s of %q", typed, decision, finding.User.Username, err, want.reason, want.username)
			}
		}
	}
	vouched := openWith(t, s.settings(byNameOrEmail), sqlsource.Options{VerifiedContacts: domain.VerifiedAlways})
	if finding, err := vouched.FindUser(t.Context(), "ghost@example.com"); err != nil || finding.User.Username != "m5" {
		t.Errorf("vouched for: %v of %q, %v", finding, finding.User.Username, err)
	}
	if s.driver == sqlsource.Postgres {
		many := open(t, s.settings("SELECT 'zoe' AS username FROM generate_series(1, 200) WHERE '' < :username"))
		if finding, err := many.FindUser(t.Context(), "nobody"); err != nil || finding.Kind != domain.UserAmbiguous {
			t.Errorf("more rows than are looked at: %v, %v", finding, err)
		}
	}
}

// faults puts queries that cannot be answered.
func faults(t *testing.T, s *server, queries map[string]want) {
	t.Helper()
	for query, want := range queries {
		_, err := open(t, s.settings(query)).FindUser(t.Context(), "Zacharias")
		if !errors.Is(err, want.class) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v; want %v with %q", query, err, want.class, want.text)
			continue
		}
		for _, hidden := range []string{"Zacharias", "people", "hidden", "absent", readerName, "SELECT", "127.0.0.1"} {
			if strings.Contains(fmt.Sprintf("%+v %#v", err, err), hidden) {
				t.Errorf("%s: the error shows %s: %v", query, hidden, err)
			}
		}
	}
	var count int
	if err := s.admin.QueryRowContext(t.Context(), "SELECT count(*) FROM people").Scan(&count); err != nil || count == 0 {
		t.Errorf("the table was written to: %d rows, %v", count, err)
	}
}

func valueIs(t *testing.T, s *server, literal, want string) {
	t.Helper()
	finding, err := open(t, s.settings("SELECT :username AS username, "+literal+" AS value")).FindUser(t.Context(), "anna")
	if got, there := finding.User.Attributes["value"]; err != nil || !there || got != want {
		t.Errorf("%s is read as %q, %v; want %q", literal, got, err, want)
	}
}

func valueIsRefused(t *testing.T, s *server, literal string) {
	t.Helper()
	finding, err := open(t, s.settings("SELECT :username AS username, "+literal+" AS value")).FindUser(t.Context(), "anna")
	if !errors.Is(err, ports.ErrMisconfigured) || !strings.Contains(err.Error(), "column 2") {
		t.Errorf("%s is read as %q, %v", literal, finding.User.Attributes["value"], err)
	}
}

// unknown wants identifiers to be nobody's.
func unknown(t *testing.T, directory *sqlsource.Directory, identifiers ...string) {
	t.Helper()
	for _, identifier := range identifiers {
		if finding, err := directory.FindUser(t.Context(), identifier); err != nil || finding.Kind != domain.UserUnknown {
			t.Errorf("%q: %v, %v", identifier, finding, err)
		}
	}
}

// closed wants a connection that the server closed meanwhile to cost nobody a
// sign-in. A server closes it some time after the statement that says so, so each
// question waits until the count of connections is zero.
func closed(t *testing.T, s *server, statement, count string) {
	t.Helper()
	directory := open(t, s.settings("SELECT :username AS username"))
	for range 3 {
		if finding, err := directory.FindUser(t.Context(), "anna"); err != nil || finding.Kind != domain.UserFound {
			t.Fatalf("%v, %v", finding, err)
		}
		s.exec(t, statement)
		err := process.Poll(t.Context(), func(ctx context.Context) error {
			var open int
			if err := s.admin.QueryRowContext(ctx, count).Scan(&open); err != nil || open == 0 {
				return err
			}
			return fmt.Errorf("%d connections are open", open)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// kept counts connections while many ask.
func kept(t *testing.T, s *server, count string) {
	t.Helper()
	directory := open(t, s.settings("SELECT :username AS username"))
	var before, during int
	if err := s.admin.QueryRowContext(t.Context(), count).Scan(&before); err != nil {
		t.Fatal(err)
	}
	var everyone sync.WaitGroup
	for i := range 20 {
		everyone.Go(func() {
			if _, err := directory.FindUser(t.Context(), fmt.Sprintf("anna-%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	everyone.Wait()
	if err := s.admin.QueryRowContext(t.Context(), count).Scan(&during); err != nil {
		t.Fatal(err)
	}
	if during > before+1 {
		t.Errorf("%d connections, where there were %d", during, before)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := directory.FindUser(ctx, "anna"); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}
