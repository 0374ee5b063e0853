package awssetup

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// updateOf writes a user pool as UpdateUserPool takes it, so that the call
// changes nothing: whatever is left out of that call is set back to its default
// (cognito-facts 21). It also says what of the pool the call cannot carry.
//
// A test by reflection holds that every field of both shapes is dealt with here,
// those too that a later version of the SDK brings.
func updateOf(pool *types.UserPoolType) (*cognitoidentityprovider.UpdateUserPoolInput, []string) {
	input := &cognitoidentityprovider.UpdateUserPoolInput{
		UserPoolId:                  pool.Id,
		PoolName:                    pool.Name, // the one that goes by another name
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

// adminCreateUser leaves out the old name of how long a temporary password
// lasts where there is the new one: DescribeUserPool gives both, and
// UpdateUserPool rejects both together.
func adminCreateUser(pool *types.UserPoolType) *types.AdminCreateUserConfigType {
	if pool.AdminCreateUserConfig == nil || pool.Policies == nil || pool.Policies.PasswordPolicy == nil ||
		pool.Policies.PasswordPolicy.TemporaryPasswordValidityDays == 0 {
		return pool.AdminCreateUserConfig
	}
	config := *pool.AdminCreateUserConfig
	config.UnusedAccountValidityDays = 0
	return &config
}

// messages carries the verification messages. They stand in the template and, as
// DescribeUserPool still gives them, once more under their old names; an old
// name goes along only where it says something that the template does not. Of
// the two emails in the template, the one that the pool does not use cannot be
// set.
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
			// Under its old name it would be the same message once more.
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

// mfaOf writes what GetUserPoolMfaConfig gives as SetUserPoolMfaConfig takes it.
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
