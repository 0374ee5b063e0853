package hashed_test

import (
	"testing"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
)

// Each field of a user, with a value and without one. A missing value never enables a
// user.
func TestAFieldIsStored(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		field, text string
		there       bool
		stored      func(hashed.Entry) bool
	}{
		"username":            {fields.Username, "anna", true, func(e hashed.Entry) bool { return e.User.Username == "anna" }},
		"hash":                {fields.PasswordHash, " $2y$ ", true, func(e hashed.Entry) bool { return e.Hash == "$2y$" }},
		"no password":         {fields.PasswordHash, "!", true, func(e hashed.Entry) bool { return e.Hash == "" }},
		"status":              {fields.Status, "reset_required", true, func(e hashed.Entry) bool { return e.User.Status == domain.StatusResetRequired }},
		"a blank status":      {fields.Status, " ", true, func(e hashed.Entry) bool { return e.User.Status == domain.StatusConfirmed }},
		"enabled":             {fields.Enabled, "1", true, func(e hashed.Entry) bool { return e.User.Enabled }},
		"disabled":            {fields.Enabled, "false", true, func(e hashed.Entry) bool { return !e.User.Enabled }},
		"enabled is missing":  {fields.Enabled, "", false, func(e hashed.Entry) bool { return !e.User.Enabled }},
		"groups":              {fields.Groups, "a; b", true, func(e hashed.Entry) bool { return len(e.User.Groups) == 2 && e.User.GroupsKnown }},
		"groups are missing":  {fields.Groups, "", false, func(e hashed.Entry) bool { return len(e.User.Groups) == 0 && e.User.GroupsKnown }},
		"second factors":      {fields.MFA, "SMS_MFA", true, func(e hashed.Entry) bool { return len(e.User.MFA) == 1 && e.User.MFAUnasked }},
		"an attribute":        {"email", " a@example.com ", true, func(e hashed.Entry) bool { return e.User.Attributes["email"] == "a@example.com" }},
		"a missing attribute": {"email", "", false, func(e hashed.Entry) bool { _, there := e.User.Attributes["email"]; return !there }},
	} {
		entry := hashed.NewEntry()
		if err := entry.Set(test.field, test.text, test.there); err != nil || !test.stored(entry) {
			t.Errorf("%s: %v, %v", name, entry.User, err)
		}
	}
	for field, text := range map[string]string{fields.Status: "happy", fields.Enabled: "perhaps", "email_verified": "perhaps"} {
		entry := hashed.NewEntry()
		if err := entry.Set(field, text, true); err == nil {
			t.Errorf("%s takes %s", field, text)
		}
	}
}
