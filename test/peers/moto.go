package peers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// The accounts and the region that the tests play in.
const (
	SourceAccountID      = "222222222222"
	DestinationAccountID = "111111111111"
	Region               = "us-east-1"
)

// Moto is a running moto_server with its auth mode on: from then on it checks
// signatures, session tokens and IAM actions, as AWS does. One can be shared by
// all the tests of a package; [Moto.NewSource] gives each its own pool and role.
//
// It is less strict than AWS. It compares the Resource of a policy with "*",
// except for AssumeRole. It reads a role's trust policy only if caller and role are
// in one account. A call without ExternalId passes although one is required. See
// [Source.SameAccountCaller].
type Moto struct {
	// URL is where every service of every account answers.
	URL string

	server                  *process.Server
	sourceAdmin, otherAdmin aws.Credentials
}

// StartMoto starts a moto_server, makes an administrator in each account, and
// switches the auth mode on. The caller owes a [Moto.Close].
func StartMoto(ctx context.Context) (*Moto, error) {
	server, err := MotoServer.Launch(ctx)
	if err != nil {
		return nil, err
	}
	m := &Moto{URL: server.URL, server: server}
	if err := m.setUp(ctx); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Close stops the process.
func (m *Moto) Close() { m.server.Stop() }

func (m *Moto) setUp(ctx context.Context) error {
	var err error
	everything := policy(statement{Effect: "Allow", Action: "*", Resource: "*"})
	if m.sourceAdmin, err = m.newUser(ctx, founder(SourceAccountID), "administrator", everything); err != nil {
		return err
	}
	if m.otherAdmin, err = m.newUser(ctx, founder(DestinationAccountID), "administrator", everything); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL+"/moto-api/reset-auth", strings.NewReader("0"))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/plain")
	_, err = do(request)
	return err
}

// founder stands for an account while the auth mode is still off: moto then
// believes the header that [Moto.call] sets for it.
func founder(account string) aws.Credentials {
	return aws.Credentials{AccessKeyID: "AKIAFOUNDER", SecretAccessKey: "unchecked", AccountID: account}
}

// newUser makes an IAM user with one policy and an access key.
func (m *Moto) newUser(ctx context.Context, as aws.Credentials, name, policyDocument string) (aws.Credentials, error) {
	if _, err := m.iam(ctx, as, "CreateUser", url.Values{"UserName": {name}}); err != nil {
		return aws.Credentials{}, err
	}
	if _, err := m.iam(ctx, as, "PutUserPolicy", url.Values{
		"UserName": {name}, "PolicyName": {"allowed"}, "PolicyDocument": {policyDocument},
	}); err != nil {
		return aws.Credentials{}, err
	}
	body, err := m.iam(ctx, as, "CreateAccessKey", url.Values{"UserName": {name}})
	if err != nil {
		return aws.Credentials{}, err
	}
	var answer struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil {
		return aws.Credentials{}, fmt.Errorf("CreateAccessKey: %w", err)
	}
	return aws.Credentials{AccessKeyID: answer.ID, SecretAccessKey: answer.Secret}, nil
}

// newRole makes an IAM role of the source account with one policy.
func (m *Moto) newRole(ctx context.Context, name, trustPolicy, policyDocument string) error {
	if _, err := m.iam(ctx, m.sourceAdmin, "CreateRole", url.Values{
		"RoleName": {name}, "AssumeRolePolicyDocument": {trustPolicy},
	}); err != nil {
		return err
	}
	_, err := m.iam(ctx, m.sourceAdmin, "PutRolePolicy", url.Values{
		"RoleName": {name}, "PolicyName": {"migration"}, "PolicyDocument": {policyDocument},
	})
	return err
}

// iam calls an operation of IAM. The SDK's client for it is not among this
// module's requirements, and the protocol is a form.
func (m *Moto) iam(ctx context.Context, as aws.Credentials, action string, form url.Values) ([]byte, error) {
	form.Set("Action", action)
	form.Set("Version", "2010-05-08")
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	return m.call(ctx, as, "iam", header, []byte(form.Encode()))
}

// cognito calls an operation of Cognito that the SDK leaves unsigned and moto's
// auth mode wants signed.
func (m *Moto) cognito(ctx context.Context, as aws.Credentials, operation string, input any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	header := http.Header{
		"Content-Type": {"application/x-amz-json-1.1"},
		"X-Amz-Target": {"AWSCognitoIdentityProviderService." + operation},
	}
	_, err = m.call(ctx, as, "cognito-idp", header, body)
	return err
}

// call sends one signed request.
func (m *Moto) call(ctx context.Context, as aws.Credentials, service string, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header
	if as.AccountID != "" {
		request.Header.Set("X-Moto-Account-Id", as.AccountID)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, as, request, hex.EncodeToString(sum[:]), service, Region, time.Now()); err != nil {
		return nil, err
	}
	return do(request)
}

// client is an SDK client of Cognito that acts with the credentials given.
func (m *Moto) client(as aws.Credentials) *cognitoidentityprovider.Client {
	return newCognitoClient(m.URL, Region, as)
}

func newCognitoClient(endpoint, region string, as aws.Credentials) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       region,
		Credentials:  credentials.StaticCredentialsProvider{Value: as},
		HTTPClient:   loopback,
	})
}

func do(request *http.Request) ([]byte, error) {
	response, err := loopback.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", request.URL, response.Status, body)
	}
	return body, nil
}

// statement is one of an IAM policy.
type statement struct {
	Effect    string
	Principal map[string][]string `json:",omitempty"`
	Action    any
	Resource  any                          `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

// policy writes an IAM policy document.
func policy(statements ...statement) string {
	document, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements}) // strings only
	return string(document)
}
