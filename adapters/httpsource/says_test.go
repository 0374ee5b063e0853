package httpsource_test

import (
	"errors"
	"testing"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// The contract of keycloak has no body for a right password. A body that says
// otherwise, or a page of a web server, must not let anybody in.
func TestABodyThatContradictsItsStatusLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body  string
		kind  domain.FindingKind
		class error
	}{
		"nothing":                         {"", domain.PasswordAccepted, nil},
		"white space":                     {"\r\n", domain.PasswordAccepted, nil},
		"a word":                          {"OK", domain.PasswordAccepted, nil},
		"true":                            {"true", domain.PasswordAccepted, nil},
		"null":                            {"null", domain.PasswordAccepted, nil},
		"an object that says nothing":     {"{}", domain.PasswordAccepted, nil},
		"an object that says yes":         {`{"success": true, "error": null}`, domain.PasswordAccepted, nil},
		"an empty error":                  {`{"error": ""}`, domain.PasswordAccepted, nil},
		"the user":                        {someone, domain.PasswordAccepted, nil},
		"a user with a flag":              {`{"username": "hanako", "emailVerified": false}`, domain.PasswordAccepted, nil},
		"a code of success":               {`{"code": 200, "message": "ok"}`, domain.PasswordAccepted, nil},
		"false":                           {" false\n", domain.PasswordWrong, nil},
		"false as a text":                 {`"False"`, domain.PasswordWrong, nil},
		"an object that says no":          {`{"success": false}`, domain.PasswordWrong, nil},
		"an object that says no, 2":       {`{"Authenticated": false}`, domain.PasswordWrong, nil},
		"an object that says no, 3":       {`{"valid": "false"}`, domain.PasswordWrong, nil},
		"an object that says no, 4":       {`{"ok": 0}`, domain.PasswordWrong, nil},
		"an error":                        {`{"error": "invalid_credentials"}`, domain.PasswordWrong, nil},
		"an error that locks out":         {`{"error": "account_locked"}`, domain.LockedOut, nil},
		"an error in an object":           {`{"error": {"code": "user_disabled"}}`, domain.UserDisabled, nil},
		"an error that nobody knows":      {`{"error": "E42"}`, 0, ports.ErrUnreachable},
		"errors":                          {`{"errors": [{"message": "no"}]}`, 0, ports.ErrUnreachable},
		"a page":                          {" <!DOCTYPE html><title>Sign in</title>", 0, ports.ErrUnreachable},
		"a page after a byte order mark":  {"\ufeff<html>", 0, ports.ErrUnreachable},
		"an error and a word of success":  {`{"success": true, "error": "invalid_credentials"}`, domain.PasswordWrong, nil},
		"an answer with contrary members": {`{"success": false, "success": true}`, 0, ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &answering{get: someone, post: test.body}
			finding, err := authenticate(t, service.open(t, httpsource.Keycloak))
			if finding.Kind != test.kind || !errors.Is(err, test.class) || (err == nil) != (test.class == nil) {
				t.Errorf("got %v, %v", finding.Kind, err)
			}
			holdsNoSecret(t, err)
		})
	}
}

// PHP has one kind of array. It writes an empty object as [], a list with a gap as an
// object, and the booleans of a database as 1 and 0.
func TestProfilesOfPHP(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		members string
		kind    domain.FindingKind
		class   error
	}{
		"no attributes":                 {`"enabled":true,"attributes":[]`, domain.PasswordAccepted, nil},
		"a list in place of attributes": {`"enabled":true,"attributes":["x"]`, 0, ports.ErrUnreachable},
		"1 and 0":                       {`"enabled":1,"emailVerified":0`, domain.PasswordAccepted, nil},
		"1 and 0 as texts":              {`"enabled":"1","emailVerified":"0"`, domain.PasswordAccepted, nil},
		"0":                             {`"enabled":0`, domain.UserDisabled, nil},
		"another number":                {`"enabled":2`, 0, ports.ErrUnreachable},
		"a list with a gap":             {`"enabled":true,"requiredActions":{"1":"UPDATE_PASSWORD"}`, domain.TemporaryPasswordAccepted, nil},
		"an action in small letters":    {`"enabled":true,"requiredActions":[" update_password "]`, domain.TemporaryPasswordAccepted, nil},
		"one action without a list":     {`"enabled":true,"requiredActions":"UPDATE_PASSWORD"`, domain.TemporaryPasswordAccepted, nil},
		"no action":                     {`"enabled":true,"requiredActions":null`, domain.PasswordAccepted, nil},
		"actions by name":               {`"enabled":true,"requiredActions":{"UPDATE_PASSWORD":true}`, 0, ports.ErrUnreachable},
		"actions as objects":            {`"enabled":true,"requiredActions":[{"alias":"UPDATE_PASSWORD"}]`, 0, ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &answering{get: `{"id":"1","username":"hanako@example.com",` + test.members + `}`}
			finding, err := authenticate(t, service.open(t, httpsource.Keycloak))
			if finding.Kind != test.kind || !errors.Is(err, test.class) || (err == nil) != (test.class == nil) {
				t.Errorf("got %v, %v", finding.Kind, err)
			}
		})
	}
}

// An address is verified by the time of its confirmation, and by no other value. A
// factor of an unknown status is not ignored.
func TestSupabaseConfirmsByATime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		members  string
		verified string
		kind     domain.FindingKind
	}{
		"a time":                      {`"email_confirmed_at":"2024-01-02T03:04:05.678901Z"`, "true", domain.PasswordAccepted},
		"a time with a zone":          {`"email_confirmed_at":"2024-01-02T03:04:05+09:00"`, "true", domain.PasswordAccepted},
		"null":                        {`"email_confirmed_at":null`, "false", domain.PasswordAccepted},
		"false":                       {`"email_confirmed_at":false`, "false", domain.PasswordAccepted},
		"0":                           {`"email_confirmed_at":0`, "false", domain.PasswordAccepted},
		"the zero time":               {`"email_confirmed_at":"0001-01-01T00:00:00Z"`, "false", domain.PasswordAccepted},
		"a word":                      {`"email_confirmed_at":"no"`, "false", domain.PasswordAccepted},
		"an unverified factor":        {`"factors":[{"status":"unverified","factor_type":"totp"}]`, "false", domain.PasswordAccepted},
		"a factor in capital letters": {`"factors":[{"status":"Verified","factor_type":"totp"}]`, "false", domain.MFARequired},
		"a factor without a status":   {`"factors":[{"factor_type":"totp"}]`, "false", domain.MFARequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &answering{post: `{"access_token":"t","user":{"id":"1","email":"hanako@example.com",` + test.members + `}}`}
			finding, err := authenticate(t, service.open(t, httpsource.Supabase))
			if err != nil || finding.Kind != test.kind || finding.User.Attributes["email_verified"] != test.verified {
				t.Errorf("got %v, %q, %v", finding.Kind, finding.User.Attributes["email_verified"], err)
			}
		})
	}
}

// A profile that can be read in two ways, or whose texts cannot be read, is no profile.
func TestAnAmbiguousProfileIsNoProfile(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"enabled twice":               `{"id":"1","username":"hanako@example.com","enabled":false,"enabled":true}`,
		"enabled in two letter cases": `{"id":"1","username":"hanako@example.com","Enabled":false,"enabled":true}`,
		"two usernames":               `{"id":"1","username":"root","username":"hanako@example.com","enabled":true}`,
		"an escaped second member":    `{"id":"1","username":"hanako@example.com","enabled":false,"\u0065nabled":true}`,
		"an attribute twice":          `{"id":"1","username":"hanako@example.com","enabled":true,"attributes":{"locale":["ja"],"locale":["en"]}}`,
		"Latin-1":                     "{\"id\":\"1\",\"username\":\"hanako@example.com\",\"enabled\":true,\"firstName\":\"Ren\xe9\"}",
		"Shift_JIS":                   "{\"id\":\"1\",\"username\":\"hanako@example.com\",\"enabled\":true,\"firstName\":\"\x89\xd4\x8eq\"}",
		"half a character":            `{"id":"\ud800","username":"hanako@example.com","enabled":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &answering{get: body}
			finding, err := authenticate(t, service.open(t, httpsource.Keycloak))
			if finding.Kind != 0 || !errors.Is(err, ports.ErrUnreachable) || service.sentPassword() {
				t.Errorf("got %v, %v; password sent: %v", finding.Kind, err, service.sentPassword())
			}
			holdsNoSecret(t, err)
		})
	}
}
