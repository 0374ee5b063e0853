package awssetup

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// updateOf returns the UpdateUserPool request that changes nothing. That call resets
// every missing setting to its default (cognito-facts 21). updateOf also lists the
// settings that the call cannot carry.
//
// A test by reflection checks that every field of both shapes is handled here, also
// those of a later version of the SDK.
func updateOf(pool *types.UserPoolType) (*cognitoidentityprovider.UpdateUserPoolInput, []string) {
	input := &cognitoidentityprovider.UpdateUserPoolInput{
		UserPoolId:                  pool.Id,
		PoolName:                    pool.Name,
		AccountRecoverySetting:      pool.AccountRecoverySetting,
		AutoVerifiedAttributes:      pool.AutoVerifiedAttributes,
		DeletionProtection:          pool.DeletionProtection,
		DeviceConfiguration:         pool.DeviceConfiguration,
		EmailConfiguration:          pool.EmailConfiguration,
		IssuerConfiguration:         pool.IssuerConfiguration,
		KeyConfiguration:            pool.KeyConfiguration,
		LambdaConfig:                pool.LambdaConfig,
		MfaConfiguration:            pool.MfaConfiguration,
		Policies:                    pool.Policies,
		SmsAuthenticationMessage:    pool.SmsAuthenticationMessage,
		SmsConfiguration:            pool.SmsConfiguration,
		UserAttributeUpdateSettings: pool.UserAttributeUpdateSettings,
		UserPoolAddOns:              pool.UserPoolAddOns,
		UserPoolTags:                pool.UserPoolTags,
		UserPoolTier:                pool.UserPoolTier,
		AdminCreateUserConfig:       adminCreateUser(pool),
	}
	lost := messages(pool, input)
	return input, lost
}

// adminCreateUser omits the old name of a temporary password's validity if the new
// name is set. DescribeUserPool returns both, and UpdateUserPool rejects both
// together.
func adminCreateUser(pool *types.UserPoolType) *types.AdminCreateUserConfigType {
	if pool.AdminCreateUserConfig == nil || pool.Policies == nil || pool.Policies.PasswordPolicy == nil ||
		pool.Policies.PasswordPolicy.TemporaryPasswordValidityDays == 0 {
		return pool.AdminCreateUserConfig
	}
	config := *pool.AdminCreateUserConfig
	config.UnusedAccountValidityDays = 0
	return &config
}

// messages carries the verification messages. DescribeUserPool returns them in the
// template, and again under old names. An old name is carried only if it differs from
// the template. The template has two emails. The one that the pool does not use
// cannot be set.
func messages(pool *types.UserPoolType, input *cognitoidentityprovider.UpdateUserPoolInput) (lost []string) {
	var template types.VerificationMessageTemplateType
	if pool.VerificationMessageTemplate != nil {
		template = *pool.VerificationMessageTemplate
	}
	input.SmsVerificationMessage = unlessSame(pool.SmsVerificationMessage, template.SmsMessage)
	input.EmailVerificationMessage = unlessSame(pool.EmailVerificationMessage, template.EmailMessage)
	input.EmailVerificationSubject = unlessSame(pool.EmailVerificationSubject, template.EmailSubject)
	if pool.VerificationMessageTemplate == nil {
		return nil
	}
	if aws.ToString(template.EmailMessage) != "" && aws.ToString(template.EmailMessageByLink) != "" {
		if template.DefaultEmailOption == types.DefaultEmailOptionTypeConfirmWithLink {
			lost = append(lost, "VerificationMessageTemplate.EmailMessage")
			template.EmailMessage = nil
			// Under its old name, it would be the same message again.
			input.EmailVerificationMessage = nil
		} else {
			lost = append(lost, "VerificationMessageTemplate.EmailMessageByLink")
			template.EmailMessageByLink = nil
		}
	}
	input.VerificationMessageTemplate = &template
	return lost
}

func unlessSame(old, current *string) *string {
	if aws.ToString(old) == aws.ToString(current) {
		return nil
	}
	return old
}

// mfaOf turns the answer of GetUserPoolMfaConfig into a SetUserPoolMfaConfig request.
func mfaOf(poolID string, mfa *cognitoidentityprovider.GetUserPoolMfaConfigOutput) *cognitoidentityprovider.SetUserPoolMfaConfigInput {
	return &cognitoidentityprovider.SetUserPoolMfaConfigInput{
		UserPoolId:                    &poolID,
		EmailMfaConfiguration:         mfa.EmailMfaConfiguration,
		MfaConfiguration:              mfa.MfaConfiguration,
		SmsMfaConfiguration:           mfa.SmsMfaConfiguration,
		SoftwareTokenMfaConfiguration: mfa.SoftwareTokenMfaConfiguration,
		WebAuthnConfiguration:         mfa.WebAuthnConfiguration,
	}
}
