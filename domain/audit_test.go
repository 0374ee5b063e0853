package domain_test

import (
	"reflect"
	"regexp"
	"testing"
	"time"

	"cognito-user-migration/domain"
)

func TestNoFieldOfAnAuditRecordCanHoldAPassword(t *testing.T) {
	t.Parallel()
	allowed := map[reflect.Type]bool{
		reflect.TypeFor[time.Time]():          true,
		reflect.TypeFor[time.Duration]():      true,
		reflect.TypeFor[domain.Trigger]():     true,
		reflect.TypeFor[domain.Outcome]():     true,
		reflect.TypeFor[domain.Reason]():      true,
		reflect.TypeFor[domain.FinalStatus](): true,
		reflect.TypeFor[domain.Pseudonym]():   true,

		reflect.TypeFor[domain.CompletionState](): true,
		reflect.TypeFor[domain.ResponseCode]():    true,
		reflect.TypeFor[int]():                    true,
		reflect.TypeFor[domain.AttributeNames]():  true,
	}
	// Names of things, which the adapters take from settings and documentation.
	names := map[string]bool{"AttemptID": true, "Source": true, "Challenge": true, "UserPoolID": true, "ClientID": true}
	record := reflect.TypeFor[domain.AuditRecord]()
	for i := range record.NumField() {
		field := record.Field(i)
		if named := names[field.Name] && field.Type.Kind() == reflect.String; !named && !allowed[field.Type] {
			t.Errorf("field %s of type %s could hold anything", field.Name, field.Type)
		}
	}
}

func TestPseudonyms(t *testing.T) {
	t.Parallel()
	key := domain.NewSecret("0123456789abcdef0123456789abcdef")
	digest := domain.NewPseudonymizer(domain.AuditUsernameHMAC, key)
	// echo -n alice | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
	const want = domain.Pseudonym("433deb45467e4e53dbaba594c88bc3a200f705a2150788c3d11e6040e63e8510")
	if got := digest.Pseudonym("Alice"); got != want {
		t.Errorf("the digest of alice is %s", got)
	}
	if digest.Pseudonym("alice") != digest.Pseudonym("ALICE") || digest.Pseudonym("alice") == digest.Pseudonym("bob") {
		t.Error("digests do not tell people apart by their name, letter case aside")
	}
	if other := domain.NewPseudonymizer(domain.AuditUsernameHMAC, domain.NewSecret("another")); other.Pseudonym("alice") == want {
		t.Error("the key does not matter")
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(string(digest.Pseudonym("\x00é"))) {
		t.Error("a digest is 64 hexadecimal digits")
	}
	if got := domain.NewPseudonymizer(domain.AuditUsernamePlain, key).Pseudonym("Alice"); got != "Alice" {
		t.Errorf("plain is %q", got)
	}
	if got := domain.NewPseudonymizer(domain.AuditUsernameNone, key).Pseudonym("Alice"); got != "" {
		t.Errorf("none is %q", got)
	}
	if got := (domain.Pseudonymizer{}).Pseudonym("Alice"); got != "" {
		t.Errorf("the zero one records %q", got)
	}
}
