package peers_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognito-user-migration/test/peers"
)

// These tests hold what the end-to-end tests take for granted of the peers, so
// that a new version of one that behaves otherwise is seen here first.

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func startMoto(t *testing.T) *peers.Moto {
	t.Helper()
	peers.Require(t, peers.MotoServer)
	moto, err := peers.StartMoto(within(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(moto.Close)
	return moto
}

func assume(ctx context.Context, source *peers.Source, caller aws.Credentials, externalID string) (aws.Credentials, error) {
	client := sts.New(sts.Options{
		BaseEndpoint: aws.String(source.Endpoint),
		Region:       source.Region,
		Credentials:  credentials.StaticCredentialsProvider{Value: caller},
	})
	answer, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: &source.RoleARN, RoleSessionName: aws.String("peers-test"), ExternalId: &externalID,
	})
	if err != nil {
		return aws.Credentials{}, err
	}
	return aws.Credentials{
		AccessKeyID:     aws.ToString(answer.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(answer.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(answer.Credentials.SessionToken),
	}, nil
}

func cognito(source *peers.Source, as aws.Credentials) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: aws.String(source.Endpoint),
		Region:       source.Region,
		Credentials:  credentials.StaticCredentialsProvider{Value: as},
	})
}

func TestMotoAsTheSourceAccount(t *testing.T) {
	t.Parallel()
	moto := startMoto(t)
	ctx := within(t)
	source, err := moto.NewSource(ctx, peers.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	role, err := assume(ctx, source, source.Caller, source.ExternalID)
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(username, password string) (*cognitoidentityprovider.AdminInitiateAuthOutput, error) {
		return cognito(source, role).AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
			UserPoolId: &source.UserPoolID, ClientId: &source.ClientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": password},
		})
	}

	t.Run("the role can sign a user in and read the profile", func(t *testing.T) {
		if err := source.CreateUser(ctx, peers.User{Username: "plain", Password: "Plain-1234", Attributes: map[string]string{"email": "plain@example.com"}}); err != nil {
			t.Fatal(err)
		}
		answer, err := signIn("plain", "Plain-1234")
		if err != nil || answer.AuthenticationResult == nil {
			t.Fatalf("got %+v, %v", answer, err)
		}
		profile, err := cognito(source, role).AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &source.UserPoolID, Username: aws.String("plain")})
		if err != nil || profile.UserStatus != types.UserStatusTypeConfirmed {
			t.Fatalf("got %+v, %v", profile, err)
		}
	})
	t.Run("the role can do nothing else", func(t *testing.T) {
		if _, err := cognito(source, role).ListUsers(ctx, &cognitoidentityprovider.ListUsersInput{UserPoolId: &source.UserPoolID}); err == nil {
			t.Error("the role may list users")
		}
	})
	t.Run("the caller cannot do without the role", func(t *testing.T) {
		if _, err := cognito(source, source.Caller).AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &source.UserPoolID, Username: aws.String("plain")}); err == nil {
			t.Error("the caller reads the source pool by itself")
		}
	})
	t.Run("a wrong signature is refused", func(t *testing.T) {
		forged := source.Caller
		forged.SecretAccessKey = "guessed"
		if _, err := assume(ctx, source, forged, source.ExternalID); err == nil {
			t.Error("a forged signature passes")
		}
	})
	t.Run("the external ID is checked within one account", func(t *testing.T) {
		if _, err := assume(ctx, source, source.SameAccountCaller, source.ExternalID); err != nil {
			t.Errorf("the right one is refused: %v", err)
		}
		if _, err := assume(ctx, source, source.SameAccountCaller, "another"); err == nil {
			t.Error("a wrong one passes")
		}
	})
	for _, test := range []struct {
		name string
		user peers.User
		want types.ChallengeNameType
	}{
		{"a temporary password is challenged", peers.User{Username: "temporary", TemporaryPassword: true}, types.ChallengeNameTypeNewPasswordRequired},
		{"a code by SMS is asked for", peers.User{Username: "sms", MFA: types.ChallengeNameTypeSmsMfa}, types.ChallengeNameTypeSmsMfa},
		{"a code of an app is asked for", peers.User{Username: "totp", MFA: types.ChallengeNameTypeSoftwareTokenMfa}, types.ChallengeNameTypeSoftwareTokenMfa},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.user.Password = "Right-1234"
			if err := source.CreateUser(ctx, test.user); err != nil {
				t.Fatal(err)
			}
			answer, err := signIn(test.user.Username, test.user.Password)
			if err != nil || answer.ChallengeName != test.want || answer.AuthenticationResult != nil {
				t.Errorf("got %+v, %v", answer, err)
			}
		})
	}
	t.Run("a disabled user cannot sign in", func(t *testing.T) {
		if err := source.CreateUser(ctx, peers.User{Username: "disabled", Password: "Right-1234", Disabled: true}); err != nil {
			t.Fatal(err)
		}
		_, err := signIn("disabled", "Right-1234")
		var denied *types.NotAuthorizedException
		if !errors.As(err, &denied) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCognitoLocalAsksTheFunctionOfThePool(t *testing.T) {
	t.Parallel()
	peers.Require(t, peers.CognitoLocalServer)
	ctx := within(t)
	server, err := peers.StartCognitoLocal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)

	var asked, other atomic.Int64
	answer := func(count *atomic.Int64) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			if want := "/2015-03-31/functions/" + peers.TriggerFunction + "/invocations"; r.URL.Path != want {
				t.Errorf("path %q, want %q", r.URL.Path, want)
			}
			_, _ = io.WriteString(w, `{"response":{"userAttributes":{"username":"mover","email":"mover@example.com"},"finalUserStatus":"CONFIRMED"}}`)
		})
	}
	pool, err := server.NewPool(ctx, answer(&asked))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.NewPool(ctx, answer(&other)); err != nil {
		t.Fatal(err)
	}
	client := cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: aws.String(server.URL), Region: peers.Region,
		Credentials: credentials.StaticCredentialsProvider{Value: peers.Anyone},
	})
	for range 2 {
		signedIn, err := client.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
			UserPoolId: &pool.ID, ClientId: &pool.ClientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": "mover", "PASSWORD": "Right-1234"},
		})
		if err != nil || signedIn.AuthenticationResult == nil {
			t.Fatalf("got %+v, %v", signedIn, err)
		}
	}
	if asked.Load() != 1 || other.Load() != 0 {
		t.Errorf("the pool's function was asked %d times, the other pool's %d times", asked.Load(), other.Load())
	}
}

// recorder is a test that only notes how it was stopped.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper()           {}
func (r *recorder) Skip(args ...any)  { r.skipped = text(args) }
func (r *recorder) Fatal(args ...any) { r.failed = text(args) }

func text(args []any) string {
	said, _ := args[0].(string)
	return said
}

func TestAMissingPeerIsSkippedUnlessItIsRequired(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("E2E", "")
	var laptop recorder
	peers.Require(&laptop, peers.MotoServer, peers.AWSCLI)
	for _, want := range []string{"moto_server is missing, so nothing was tested against it: pip install", "aws is missing, "} {
		if !strings.Contains(laptop.skipped, want) || laptop.failed != "" {
			t.Errorf("skipped with %q, failed with %q, want a skip with %q", laptop.skipped, laptop.failed, want)
		}
	}
	t.Setenv("E2E", "required")
	var ci recorder
	peers.Require(&ci, peers.MotoServer)
	if !strings.Contains(ci.failed, "moto_server is missing") || ci.skipped != "" {
		t.Errorf("skipped with %q, failed with %q, want a failure", ci.skipped, ci.failed)
	}
}

func TestAPeerIsGoneAfterItWasStopped(t *testing.T) {
	t.Parallel()
	peers.Require(t, peers.CognitoLocalServer)
	server, err := peers.StartCognitoLocal(within(t))
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	_, err = http.Get(server.URL + "/health")
	if failure := (*url.Error)(nil); !errors.As(err, &failure) || failure.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it still answers: %v", err)
	}
}
