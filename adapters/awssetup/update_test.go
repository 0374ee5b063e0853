package awssetup

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Where each field of DescribeUserPool's shape goes. The test fails for a field that a
// later version of the SDK adds. An update of the SDK must put it into a list.
const (
	carried  = "as it is, under its own name"
	renamed  = "as it is, under another name"
	changed  = "by a rule of its own, which has a test of its own"
	readOnly = "nowhere: it cannot be set, or only when the pool is created"
)

func fieldsOfAPool() map[string]string {
	return map[string]string{
		"AccountRecoverySetting": carried, "AutoVerifiedAttributes": carried, "DeletionProtection": carried, "DeviceConfiguration": carried,
		"EmailConfiguration": carried, "IssuerConfiguration": carried, "KeyConfiguration": carried, "LambdaConfig": carried,
		"MfaConfiguration": carried, "Policies": carried, "SmsAuthenticationMessage": carried, "SmsConfiguration": carried,
		"UserAttributeUpdateSettings": carried, "UserPoolAddOns": carried, "UserPoolTags": carried, "UserPoolTier": carried,
		"Id": renamed, "Name": renamed,
		"AdminCreateUserConfig": changed, "VerificationMessageTemplate": changed,
		"SmsVerificationMessage": changed, "EmailVerificationMessage": changed, "EmailVerificationSubject": changed,
		"AliasAttributes": readOnly, "Arn": readOnly, "CreationDate": readOnly, "CustomDomain": readOnly, "Domain": readOnly,
		"EmailConfigurationFailure": readOnly, "EstimatedNumberOfUsers": readOnly, "LastModifiedDate": readOnly, "SchemaAttributes": readOnly,
		"SmsConfigurationFailure": readOnly, "Status": readOnly, "UsernameAttributes": readOnly, "UsernameConfiguration": readOnly,
	}
}

func otherNames() map[string]string {
	return map[string]string{"Id": "UserPoolId", "Name": "PoolName"}
}

// fill gives every field of a shape a value of its own.
func fill(value reflect.Value, path string) {
	if value.Type() == reflect.TypeFor[time.Time]() {
		value.Set(reflect.ValueOf(time.Unix(int64(len(path)), 0)))
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), path)
	case reflect.Struct:
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() {
				fill(value.Field(i), path+"."+field.Name)
			}
		}
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		for i := range 2 {
			fill(value.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Map:
		value.Set(reflect.ValueOf(map[string]string{"key": path}))
	case reflect.String:
		value.SetString(path)
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int32:
		value.SetInt(int64(len(path)))
	default:
		panic("a kind that no field had: " + value.Kind().String())
	}
}

func filledPool() *types.UserPoolType {
	var pool types.UserPoolType
	fill(reflect.ValueOf(&pool).Elem(), "pool")
	return &pool
}

func TestEveryFieldOfAUserPoolIsDealtWith(t *testing.T) {
	t.Parallel()
	pool := filledPool()
	input, _ := updateOf(pool)
	from, to := reflect.ValueOf(*pool), reflect.ValueOf(*input)
	taken := make(map[string]bool)
	for i := range from.NumField() {
		field := from.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		where, known := fieldsOfAPool()[field.Name]
		name := field.Name
		if other, is := otherNames()[name]; is {
			name = other
		}
		target := to.FieldByName(name)
		taken[name] = true
		switch {
		case !known:
			t.Errorf("UserPoolType.%s is in no list: does UpdateUserPool accept it?", field.Name)
		case where == readOnly && target.IsValid():
			t.Errorf("UpdateUserPool takes %s", name)
		case where == readOnly:
		case !target.IsValid():
			t.Errorf("UpdateUserPool takes no %s", name)
		case where != changed && !reflect.DeepEqual(from.Field(i).Interface(), target.Interface()):
			t.Errorf("%s is not carried", field.Name)
		}
	}
	for i := range to.NumField() {
		if field := to.Type().Field(i); field.IsExported() && !taken[field.Name] {
			t.Errorf("UpdateUserPoolInput.%s comes from nowhere", field.Name)
		}
	}
	for name := range fieldsOfAPool() {
		if !from.FieldByName(name).IsValid() {
			t.Errorf("UserPoolType has no %s any more", name)
		}
	}
}

func TestEveryFieldOfTheMFAConfigurationCanBePutBack(t *testing.T) {
	t.Parallel()
	var mfa cognitoidentityprovider.GetUserPoolMfaConfigOutput
	for i := range reflect.TypeOf(mfa).NumField() {
		if field := reflect.TypeOf(mfa).Field(i); field.IsExported() && field.Name != "ResultMetadata" {
			fill(reflect.ValueOf(&mfa).Elem().Field(i), field.Name)
		}
	}
	from, to := reflect.ValueOf(mfa), reflect.ValueOf(*mfaOf("pool", &mfa))
	for i := range from.NumField() {
		field := from.Type().Field(i)
		if !field.IsExported() || field.Name == "ResultMetadata" {
			continue
		}
		if target := to.FieldByName(field.Name); !target.IsValid() || !reflect.DeepEqual(target.Interface(), from.Field(i).Interface()) {
			t.Errorf("%s is not put back", field.Name)
		}
	}
}

func TestTemporaryPasswordsAreToldInOnePlace(t *testing.T) {
	t.Parallel()
	policy := func(days int32) *types.UserPoolPolicyType {
		return &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{TemporaryPasswordValidityDays: days}}
	}
	for name, row := range map[string]struct {
		policies *types.UserPoolPolicyType
		want     int32
	}{
		"the new name has it":           {policy(3), 0},
		"only the old name has it":      {policy(0), 7},
		"there is no password policy":   {&types.UserPoolPolicyType{}, 7},
		"there is no policy whatsoever": {nil, 7},
	} {
		pool := &types.UserPoolType{Policies: row.policies, AdminCreateUserConfig: &types.AdminCreateUserConfigType{
			AllowAdminCreateUserOnly: true, UnusedAccountValidityDays: 7, InviteMessageTemplate: &types.MessageTemplateType{EmailSubject: aws.String("subject")},
		}}
		input, _ := updateOf(pool)
		config := input.AdminCreateUserConfig
		if config.UnusedAccountValidityDays != row.want || !config.AllowAdminCreateUserOnly || config.InviteMessageTemplate == nil {
			t.Errorf("%s: got %+v", name, config)
		}
		if pool.AdminCreateUserConfig.UnusedAccountValidityDays != 7 {
			t.Errorf("%s: what was read has changed", name)
		}
	}
	if input, _ := updateOf(&types.UserPoolType{Policies: policy(3)}); input.AdminCreateUserConfig != nil {
		t.Error("a configuration comes from nowhere")
	}
}

func TestMessagesAreToldOnce(t *testing.T) {
	t.Parallel()
	template := func(sms, email, link string, option types.DefaultEmailOptionType) *types.VerificationMessageTemplateType {
		return &types.VerificationMessageTemplateType{SmsMessage: optional(sms), EmailMessage: optional(email), EmailMessageByLink: optional(link), EmailSubject: optional("subject"), DefaultEmailOption: option}
	}
	const code, link = types.DefaultEmailOptionTypeConfirmWithCode, types.DefaultEmailOptionTypeConfirmWithLink
	for name, row := range map[string]struct {
		template               *types.VerificationMessageTemplateType
		sms, email             string // under their old names
		oldSMS, oldEmail       string // so in the request
		newEmail, newEmailLink string
		lost                   []string
	}{
		"twice the same":                        {template: template("s", "e", "", code), sms: "s", email: "e", newEmail: "e"},
		"the old name alone":                    {sms: "s", email: "e", oldSMS: "s", oldEmail: "e"},
		"an old name that says more":            {template: template("", "", "", code), sms: "s", email: "e", oldSMS: "s", oldEmail: "e"},
		"an old name that says otherwise":       {template: template("s", "e", "", code), sms: "x", email: "e", oldSMS: "x", newEmail: "e"},
		"two emails, and the code is used":      {template: template("s", "e", "l", code), sms: "s", email: "e", newEmail: "e", lost: []string{"VerificationMessageTemplate.EmailMessageByLink"}},
		"two emails, and the link is used":      {template: template("s", "e", "l", link), sms: "s", email: "e", newEmailLink: "l", lost: []string{"VerificationMessageTemplate.EmailMessage"}},
		"the link alone":                        {template: template("s", "", "l", link), sms: "s", newEmailLink: "l"},
		"nothing is set":                        {},
		"a template, and nothing the other way": {template: template("s", "e", "", code), newEmail: "e"},
	} {
		pool := &types.UserPoolType{VerificationMessageTemplate: row.template, SmsVerificationMessage: optional(row.sms), EmailVerificationMessage: optional(row.email), EmailVerificationSubject: optional("subject")}
		input, lost := updateOf(pool)
		got := input.VerificationMessageTemplate
		if got == nil {
			got = &types.VerificationMessageTemplateType{}
		}
		if aws.ToString(input.SmsVerificationMessage) != row.oldSMS || aws.ToString(input.EmailVerificationMessage) != row.oldEmail ||
			aws.ToString(got.EmailMessage) != row.newEmail || aws.ToString(got.EmailMessageByLink) != row.newEmailLink || !slices.Equal(lost, row.lost) {
			t.Errorf("%s: old %q %q, new %q %q, lost %q", name, aws.ToString(input.SmsVerificationMessage), aws.ToString(input.EmailVerificationMessage), aws.ToString(got.EmailMessage), aws.ToString(got.EmailMessageByLink), lost)
		}
		if (row.template == nil) != (input.EmailVerificationSubject != nil) {
			t.Errorf("%s: the subject under its old name is %v", name, input.EmailVerificationSubject)
		}
	}
}
