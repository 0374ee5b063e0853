package cognitosource_test

import (
	"encoding"
	"strings"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
)

func TestSettingsAreCheckedForTheirShape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setting      func() encoding.TextUnmarshaler
		right, wrong []string
	}{
		"user pool ID": {
			func() encoding.TextUnmarshaler { return new(cognitosource.UserPoolID) },
			[]string{"ap-northeast-1_AbCdEf123", "us-east-1_a", "us-gov-west-1_AbC", "cn-north-1_x"},
			[]string{"", "S3cret-AbCdEf", "us-east-1", "us-east-1_", "us-east_AbC", "us-east-1_Ab/C", "us-east-1_AbC\n", " us-east-1_AbC", "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbC", "us-east-1_" + strings.Repeat("a", 56)},
		},
		"app client ID": {
			func() encoding.TextUnmarshaler { return new(cognitosource.ClientID) },
			[]string{"3n4b5urk1ft4fl3mg5e62d9ado", "a", "a+b_C"},
			[]string{"", "S3cret-", "a b", "a-b", "a\n", "ü", strings.Repeat("a", 129)},
		},
		"region": {
			func() encoding.TextUnmarshaler { return new(cognitosource.Region) },
			[]string{"ap-northeast-1", "us-gov-east-1", "me-central-1"},
			[]string{"", "S3cret", "tokyo", "ap-northeast-1a", "AP-NORTHEAST-1", "ap-northeast", "us-east-1\n"},
		},
		"profile": {
			func() encoding.TextUnmarshaler { return new(cognitosource.Profile) },
			[]string{"admin_get_user", "concurrent", "id_token"},
			[]string{"", "S3cret", "ID_TOKEN", "both"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, text := range test.right {
				if err := test.setting().UnmarshalText([]byte(text)); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
			for _, text := range test.wrong {
				err := test.setting().UnmarshalText([]byte(text))
				if err == nil || !strings.HasPrefix(err.Error(), "expected ") {
					t.Errorf("%q: %v", text, err)
				}
				if err != nil && strings.HasPrefix(text, "S3cret") && strings.Contains(err.Error(), text) {
					t.Errorf("the error repeats the value, which may be a secret in the wrong variable: %v", err)
				}
			}
		})
	}
}

func TestTheRegionIsThePoolsUnlessOneIsSet(t *testing.T) {
	t.Parallel()
	variable := func(name string) string { return "OLD_" + name }
	for region, want := range map[cognitosource.Region]struct {
		asked    string
		warnings int
	}{
		"":               {"ap-northeast-1", 0},
		"ap-northeast-1": {"ap-northeast-1", 0},
		"us-east-1":      {"us-east-1", 1},
	} {
		settings := settings()
		settings.Region = region
		if got := settings.ServiceRegion(); got != want.asked {
			t.Errorf("%q: asks in %q", region, got)
		}
		if problems := settings.Validate(variable); len(problems) != 0 {
			t.Errorf("%q: problems %v", region, problems)
		}
		warnings := settings.Warnings(variable)
		if len(warnings) != want.warnings || want.warnings > 0 && !strings.HasPrefix(warnings[0], "OLD_REGION is not the region in OLD_USER_POOL_ID") {
			t.Errorf("%q: warnings %q", region, warnings)
		}
	}
}
