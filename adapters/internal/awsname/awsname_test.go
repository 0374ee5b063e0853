package awsname_test

import (
	"regexp"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/awsname"
)

// What the names are like, as one would write it down.
var (
	regions = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
	roles   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}$`)
)

func FuzzNamesAreLikeThePatterns(f *testing.F) {
	for _, seed := range []string{
		"", "ap-northeast-1", "us-gov-east-1", "us-east", "us--1", "us-east-1-", "us-east-1\n", "usa-east-1", "u-east-1", "us-East-1", "us-east-x", "us-1", "üs-east-1",
		"arn:aws:iam::123456789012:role/x", "arn:aws-us-gov:iam::123456789012:role/path/x", "arn:aws:iam::12345678901:role/x", "arn:aws:iam::123456789012:role/",
		"arn:aws:iam::123456789012:user/x", "arn:aws:iam:us-east-1:123456789012:role/x", "arn:aws:sts::123456789012:role/x", "arn:aw:iam::123456789012:role/x",
		"arn:aws:iam::123456789012:role/a:b", "arn:aws1:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/ü", "arn:aws:iam::123456789012:role/x\n",
		"arn:aws:iam::123456789012:role/" + strings.Repeat("a", 512), "arn:aws:iam::123456789012:role/" + strings.Repeat("a", 513),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := awsname.IsRegion(text), regions.MatchString(text); got != want {
			t.Errorf("IsRegion(%q) is %t", text, got)
		}
		if got, want := awsname.IsRole(text), roles.MatchString(text); got != want {
			t.Errorf("IsRole(%q) is %t", text, got)
		}
	})
}

func TestATextIsOfItsCharacters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": false, "a": true, "aba": true, "abc": false, "cab": false, "acb": false, "aü": false} {
		if got := awsname.Of(text, "ab"); got != want {
			t.Errorf("Of(%q) is %t", text, got)
		}
	}
}
