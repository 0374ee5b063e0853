package awssetup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Change is a planned change of a user pool. It sets, replaces or removes a trigger,
// and leaves all other settings unchanged.
type Change struct {
	poolID  string
	trigger trigger
	to      attachment // what the trigger becomes
	was     types.LambdaConfigType
	before  snapshot
	request *cognitoidentityprovider.UpdateUserPoolInput
	as      map[string]string // the request that would change nothing
	// Attached is the ARN of the function that is the trigger now.
	Attached string
	// Lost names settings that the pool has and does not use, and that
	// UpdateUserPool cannot set: they will be lost.
	Lost []string
	// Unknown names settings that AWS returns and this version of the tool does not
	// know. The request contains them unchanged.
	Unknown []string
}

// snapshot is a user pool as it is read, flat.
type snapshot struct {
	pool     map[string]string
	mfa      map[string]string
	written  settings // of the pool, as AWS wrote them
	mfaRead  *cognitoidentityprovider.GetUserPoolMfaConfigOutput
	mfaWrote settings
	modified time.Time // when the pool was modified last
}

// Plan reads the user pool and prepares the change that makes the function its user
// migration trigger. An empty ARN removes the trigger. Plan writes nothing.
func (u *UserPools) Plan(ctx context.Context, poolID, functionARN string) (*Change, error) {
	return u.plan(ctx, poolID, userMigration{}, functionARN)
}

// PlanClaims is Plan for the pre token generation trigger. It chooses the newest
// version of the event that the command claims needs and the feature plan allows.
func (u *UserPools) PlanClaims(ctx context.Context, poolID, functionARN string) (*Change, error) {
	return u.plan(ctx, poolID, preToken{}, functionARN)
}

func (u *UserPools) plan(ctx context.Context, poolID string, trigger trigger, functionARN string) (*Change, error) {
	pool, before, err := u.read(ctx, poolID)
	if err != nil {
		return nil, err
	}
	request, lost := updateOf(pool)
	change := &Change{
		poolID: poolID, before: before, request: request, as: flatten(request), Lost: lost,
		Unknown: append(before.written.unknown(), prefixedPaths("MFA.", before.mfaWrote.unknown())...),
	}
	change.trigger = trigger
	if pool.LambdaConfig != nil {
		change.was = *pool.LambdaConfig
	}
	attached := trigger.read(&change.was)
	change.Attached = attached.function
	if functionARN != "" {
		change.to = attachment{functionARN, trigger.version(pool.UserPoolTier, attached, functionARN)}
	}
	triggers := change.was
	if change.Differs() {
		trigger.write(&triggers, change.to)
	}
	request.LambdaConfig = &triggers
	return change, nil
}

// Version returns the version of the event that the trigger's function gets. It is
// empty if the trigger has only one version, or is removed.
func (c *Change) Version() string { return c.to.version }

// Differs reports whether the change writes anything.
func (c *Change) Differs() bool {
	return c.to != c.trigger.read(&c.was)
}

// Diff compares the request with one that would change nothing. Its lines begin
// with "- " or "+ ".
func (c *Change) Diff() []string {
	return diff(c.as, flatten(c.request))
}

// Carried names the pool's other settings that the request contains.
func (c *Change) Carried() []string {
	var names []string
	for path := range flatten(c.request) {
		name, _, _ := strings.Cut(path, ".")
		name, _, _ = strings.Cut(name, "[")
		if name != "UserPoolId" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Restore returns the request that restores the settings that the pool had when the
// change was planned, as JSON for the AWS CLI.
func (c *Change) Restore() ([]byte, error) {
	back := *c.request
	back.LambdaConfig = &c.was
	text, err := indented(back)
	if err != nil || len(c.before.written.unknown()) == 0 {
		return text, err
	}
	var body map[string]any
	if err := decodeNumbers(text, &body); err != nil {
		return nil, err
	}
	c.before.written.merge(body)
	return json.MarshalIndent(body, "", "  ")
}

// ChangedError is the error if more than the trigger has changed.
type ChangedError struct {
	// Fields are the differences, as [Change.Diff] writes them.
	Fields []string
}

// Error lists the differences.
func (e *ChangedError) Error() string {
	return "other settings than the trigger have changed:\n  " + strings.Join(e.Fields, "\n  ")
}

var errMovedMeanwhile = errors.New("someone else changed the user pool at the same time, so nothing was written; run the command again")

// Apply writes the change, reads the pool again, and compares each field. It returns
// a [*ChangedError] if more than the trigger has changed. It first reads the pool,
// and writes nothing if the pool has changed since the plan.
func (u *UserPools) Apply(ctx context.Context, change *Change) error {
	_, now, err := u.read(ctx, change.poolID)
	if err != nil {
		return err
	}
	if !now.modified.Equal(change.before.modified) || len(diff(change.before.pool, now.pool)) > 0 || len(diff(change.before.mfa, now.mfa)) > 0 {
		return errMovedMeanwhile
	}
	if _, err := u.api.UpdateUserPool(ctx, change.request, change.before.written.carrying()); err != nil {
		return notWritten(classify(ctx, "UpdateUserPool", err))
	}
	return u.readBack(ctx, change)
}

// notWritten adds what to do about an error of UpdateUserPool.
func notWritten(err error) error {
	code, _, _ := answerOf(err)
	remedy := map[string]string{
		"UserImportInProgressException":            "an import job is running in this pool, so no setting can change; wait for it or stop it with `aws cognito-idp stop-user-import-job`, and try again",
		"ConcurrentModificationException":          "another client is changing the pool; nothing was written. Try again",
		"TierChangeNotAllowedException":            "the pool's feature plan does not allow one of its own settings; correct the plan or the setting in the console, and try again",
		"FeatureUnavailableInTierException":        "the pool has a setting that its feature plan does not include; correct the plan or the setting in the console, and try again",
		"InvalidSmsRoleTrustRelationshipException": "Cognito may not use the pool's SMS role; correct the role, and try again",
		"InvalidSmsRoleAccessPolicyException":      "the pool's SMS role may not send messages; correct the role, and try again",
	}[code]
	if remedy == "" {
		return err
	}
	return fmt.Errorf("%w\n  %s", err, remedy)
}

// readBack compares the pool after the change with the pool before it. If the write
// changed the MFA configuration, another call restores it.
func (u *UserPools) readBack(ctx context.Context, change *Change) error {
	_, after, err := u.read(ctx, change.poolID)
	if err != nil {
		return fmt.Errorf("the trigger was written, but reading the pool again to check it failed: %w", err)
	}
	if len(diff(change.before.mfa, after.mfa)) > 0 {
		if _, err := u.api.SetUserPoolMfaConfig(ctx, mfaOf(change.poolID, change.before.mfaRead), change.before.mfaWrote.carrying()); err != nil {
			return errors.Join(change.compare(after), fmt.Errorf("restoring the MFA configuration failed: %w", classify(ctx, "SetUserPoolMfaConfig", err)))
		}
		if _, after, err = u.read(ctx, change.poolID); err != nil {
			return fmt.Errorf("the trigger was written, but reading the pool again to check it failed: %w", err)
		}
	}
	return change.compare(after)
}

func (c *Change) compare(after snapshot) error {
	expected := make(map[string]string, len(c.before.pool))
	for path, value := range c.before.pool {
		expected[path] = value
	}
	c.trigger.expect(expected, after.pool, c.to)
	for _, path := range c.Lost {
		delete(expected, path)
		delete(after.pool, path)
	}
	fields := append(diff(expected, after.pool), diff(c.before.mfa, after.mfa)...)
	if len(fields) > 0 {
		return &ChangedError{Fields: fields}
	}
	return nil
}

// read describes the pool and its MFA configuration.
func (u *UserPools) read(ctx context.Context, poolID string) (*types.UserPoolType, snapshot, error) {
	var raw, rawMFA rawAnswer
	answer, err := u.api.DescribeUserPool(ctx, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &poolID}, raw.keep)
	if err != nil {
		return nil, snapshot{}, classify(ctx, "DescribeUserPool", err)
	}
	if answer.UserPool == nil {
		return nil, snapshot{}, errEmpty("DescribeUserPool")
	}
	mfa, err := u.api.GetUserPoolMfaConfig(ctx, &cognitoidentityprovider.GetUserPoolMfaConfigInput{UserPoolId: &poolID}, rawMFA.keep)
	if err != nil {
		return nil, snapshot{}, classify(ctx, "GetUserPoolMfaConfig", err)
	}
	pool := flatten(answer.UserPool)
	for _, moving := range []string{"LastModifiedDate", "EstimatedNumberOfUsers"} {
		delete(pool, moving)
	}
	if answer.UserPool.DeviceConfiguration != nil {
		pool["DeviceConfiguration"] = "there" // with both its choices off, devices are still tracked
	}
	forgetOldNames(pool)
	described, _ := raw.object()["UserPool"].(map[string]any)
	before := snapshot{
		pool: pool, mfa: flatten(mfaOf("", mfa)), written: poolSettings(described), mfaRead: mfa, mfaWrote: mfaSettings(rawMFA.object()),
		modified: aws.ToTime(answer.UserPool.LastModifiedDate),
	}
	maps.Copy(pool, flattenRaw(described, before.written.unknown()))
	maps.Copy(before.mfa, flattenRaw(before.mfaWrote.raw, before.mfaWrote.unknown()))
	before.mfa = prefixed("MFA.", before.mfa)
	return answer.UserPool, before, nil
}

// prefixedPaths writes the prefix before each path.
func prefixedPaths(prefix string, paths []string) []string {
	for i, path := range paths {
		paths[i] = prefix + path
	}
	return paths
}

// forgetOldNames removes settings that DescribeUserPool returns under two names, so
// that a change counts once.
func forgetOldNames(pool map[string]string) {
	for old, current := range map[string]string{
		"SmsVerificationMessage":                          "VerificationMessageTemplate.SmsMessage",
		"EmailVerificationMessage":                        "VerificationMessageTemplate.EmailMessage",
		"EmailVerificationSubject":                        "VerificationMessageTemplate.EmailSubject",
		"AdminCreateUserConfig.UnusedAccountValidityDays": "Policies.PasswordPolicy.TemporaryPasswordValidityDays",
	} {
		if value, there := pool[current]; there && (value == pool[old] || strings.HasPrefix(old, "AdminCreateUserConfig.")) {
			delete(pool, old)
		}
	}
}
