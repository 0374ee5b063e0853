package errorcodes_test

import (
	"maps"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/domain"
)

func TestCodesAreReadAsRefusals(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text string
		want errorcodes.Map // nil: an error
	}{
		"nothing":                      {"", errorcodes.Map{}},
		"one":                          {"bad_login=password_wrong", errorcodes.Map{"bad_login": domain.PasswordWrong}},
		"several, with spaces":         {" E_1 = user_unknown , AADSTS1=locked_out, ", errorcodes.Map{"e_1": domain.UserUnknown, "aadsts1": domain.LockedOut}},
		"one code twice, same meaning": {"a=locked_out,A=locked_out", errorcodes.Map{"a": domain.LockedOut}},
		"one code twice":               {"a=locked_out,A=password_wrong", nil},
		"no finding":                   {"bad_login", nil},
		"no code":                      {"=password_wrong", nil},
		"an unknown finding":           {"a=wrong", nil},
		"a right password":             {"ok=password_accepted", nil},
		"a second factor":              {"otp=mfa_required", nil},
		"a demanded reset":             {"x=reset_required", nil},
		"a temporary password":         {"x=temporary_password", nil},
		"a found user":                 {"x=forgot_password", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var codes errorcodes.Map
			err := codes.UnmarshalText([]byte(row.text))
			if (err != nil) != (row.want == nil) || !maps.Equal(codes, row.want) {
				t.Errorf("%v, %v; want %v", codes, err, row.want)
			}
			if err != nil && (strings.Contains(err.Error(), "bad_login") && !strings.Contains(err.Error(), "such as") || !strings.Contains(err.Error(), "entry")) {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

func TestTheFirstCodeThatIsMappedCounts(t *testing.T) {
	t.Parallel()
	codes := errorcodes.Map{"invalid_grant": domain.PasswordWrong, "17003": domain.LockedOut}
	for name, row := range map[string]struct {
		codes []string
		want  domain.FindingKind
	}{
		"the more specific first": {[]string{"17003", "invalid_grant"}, domain.LockedOut},
		"the only one mapped":     {[]string{"17999", "Invalid_Grant"}, domain.PasswordWrong},
		"none":                    {[]string{"x", ""}, 0},
	} {
		if kind, mapped := codes.Of(row.codes...); kind != row.want || mapped != (row.want != 0) {
			t.Errorf("%s: %v, %t", name, kind, mapped)
		}
	}
}
