package domain_test

import (
	"encoding"
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

func TestChoicesAreReadByName(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		into    encoding.TextUnmarshaler
		choices string
	}{
		"VerifiedContacts":    {new(domain.VerifiedContacts), "source, always"},
		"UsernameRule":        {new(domain.UsernameRule), "auto, submitted, source, omit"},
		"OnTemporaryPassword": {new(domain.OnTemporaryPassword), "reset, confirm, refuse"},
		"OnMFA":               {new(domain.OnMFA), "refuse, carry, enroll, migrate"},
		"OnWeakPassword":      {new(domain.OnWeakPassword), "migrate, reset, refuse"},
		"MFAMode":             {new(domain.MFAMode), "OFF, OPTIONAL, ON"},
		"OnResetRequired":     {new(domain.OnResetRequired), "reset, refuse"},
		"MessageAction":       {new(domain.MessageAction), "suppress, send"},
		"AuditUsername":       {new(domain.AuditUsername), "hmac, plain, none"},
		"AuditFormat":         {new(domain.AuditFormat), "json, ocsf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, choice := range strings.Split(row.choices, ", ") {
				if err := row.into.UnmarshalText([]byte(choice)); err != nil {
					t.Errorf("%s: %v", choice, err)
				}
			}
			for _, wrong := range []string{"", "AUTO", canary} {
				err := row.into.UnmarshalText([]byte(wrong))
				if err == nil || err.Error() != "expected one of: "+row.choices {
					t.Errorf("%q: %v", wrong, err)
				}
			}
		})
	}
}
