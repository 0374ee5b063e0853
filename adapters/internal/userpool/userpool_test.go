package userpool_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/userpool"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func attributes(pairs ...string) []types.AttributeType {
	var list []types.AttributeType
	for pair := range slices.Chunk(pairs, 2) {
		list = append(list, types.AttributeType{Name: &pair[0], Value: &pair[1]})
	}
	return list
}

func TestBothAnswersGiveTheSameUser(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	list := attributes("sub", "s-1", "email", "a@example.com", "email_verified", "true")
	byName := &cognitoidentityprovider.AdminGetUserOutput{
		Username: aws.String("alice"), UserStatus: types.UserStatusTypeConfirmed, Enabled: true, UserAttributes: list, UserCreateDate: &created,
	}
	listed := &types.UserType{
		Username: aws.String("alice"), UserStatus: types.UserStatusTypeConfirmed, Enabled: true, Attributes: list, UserCreateDate: &created,
	}
	if one, other := userpool.SourceUser(byName), userpool.ListedSourceUser(listed); !reflect.DeepEqual(one, other) || one.Sub != "s-1" || !one.Enabled || one.Attributes["email"] != "a@example.com" {
		t.Errorf("source users: %+v, %+v", one, other)
	}
	if one, other := userpool.DestinationUser(byName), userpool.ListedDestinationUser(listed); !reflect.DeepEqual(one, other) || one.CreatedAt != created || one.Status != domain.StatusConfirmed {
		t.Errorf("destination users: %+v, %+v", one, other)
	}
}

func TestSecondFactors(t *testing.T) {
	t.Parallel()
	sms := []types.MFAOptionType{{DeliveryMedium: types.DeliveryMediumTypeEmail}, {DeliveryMedium: types.DeliveryMediumTypeSms}, {DeliveryMedium: types.DeliveryMediumTypeSms}}
	for name, test := range map[string]struct {
		answer cognitoidentityprovider.AdminGetUserOutput
		want   []domain.MFAMethod
	}{
		"none":                  {},
		"in the settings":       {cognitoidentityprovider.AdminGetUserOutput{UserMFASettingList: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, MFAOptions: sms}, []domain.MFAMethod{domain.MFASMS, domain.MFASoftwareToken}},
		"a pool of before 2018": {cognitoidentityprovider.AdminGetUserOutput{MFAOptions: sms}, []domain.MFAMethod{domain.MFASMS}},
		"no code by SMS":        {cognitoidentityprovider.AdminGetUserOutput{MFAOptions: sms[:1]}, nil},
	} {
		if got := userpool.SourceUser(&test.answer).MFA; !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	answer := &cognitoidentityprovider.AdminGetUserOutput{PreferredMfaSetting: aws.String("EMAIL_OTP")}
	if userpool.SourceUser(answer).PreferredMFA != domain.MFAEmail || userpool.DestinationUser(answer).PreferredMFA != domain.MFAEmail {
		t.Error("the preferred factor is lost")
	}
}

// Whom a name signs in is one rule: the names of a listing are those that a sign-in
// accepts.
func TestSignInNames(t *testing.T) {
	t.Parallel()
	list := attributes("sub", "s-1", "email", "A@example.com", "phone_number", "+81901234567", "preferred_username", "ally", "nickname", "al")
	for username, want := range map[string][]string{"alice": {"ally"}, "s-1": {"ally", "A@example.com", "+81901234567"}} {
		user := userpool.ListedSourceUser(&types.UserType{Username: &username, Attributes: list})
		if !slices.Equal(user.Identifiers, want) {
			t.Errorf("%s: %q, want %q", username, user.Identifiers, want)
		}
		for _, typed := range []string{"", "ally", "ALLY", "a@EXAMPLE.com", "+81901234567", "al", "s-1"} {
			accepted := slices.Equal(userpool.SignInNames(user, typed), []string{typed})
			if listed := slices.ContainsFunc(want, func(name string) bool { return strings.EqualFold(name, typed) }); accepted != listed {
				t.Errorf("%s, typed %q: accepted %t, listed %t", username, typed, accepted, listed)
			}
		}
	}
}
