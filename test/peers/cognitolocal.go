package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// TriggerFunction is the name of the Lambda function that cognito-local invokes
// as the UserMigration trigger of all its pools.
const TriggerFunction = "user-migration"

// CognitoLocal is a running cognito-local whose pools each have a UserMigration
// trigger of their own.
//
// It is not faithful here: it has no trigger for a forgotten password. It creates a
// user from an empty response, and hides a function's error behind
// NotAuthorizedException.
type CognitoLocal struct {
	// URL is where Cognito's API answers. Signatures are not checked.
	URL string

	server *process.Server
	lambda *http.Server
	admin  *cognitoidentityprovider.Client

	mu       sync.Mutex
	triggers map[string]http.Handler // by user pool
}

// StartCognitoLocal starts a cognito-local and the Lambda endpoint that its
// triggers call. The caller owes a [CognitoLocal.Close].
func StartCognitoLocal(ctx context.Context) (*CognitoLocal, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &CognitoLocal{triggers: make(map[string]http.Handler)}
	c.lambda = &http.Server{Handler: http.HandlerFunc(c.serveInvoke), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.lambda.Serve(listener) }()

	program := CognitoLocalServer
	program.Prepare = func(folder string, port int) error {
		return writeCognitoConfig(folder, port, "http://"+listener.Addr().String())
	}
	if c.server, err = program.Launch(ctx); err != nil {
		_ = c.lambda.Close()
		return nil, err
	}
	c.URL = c.server.URL
	c.admin = newCognitoClient(c.URL, Region, Anyone)
	return c, nil
}

// Anyone signs calls of cognito-local, which accepts any credentials.
var Anyone = aws.Credentials{AccessKeyID: "anyone", SecretAccessKey: "anyone"}

func writeCognitoConfig(folder string, port int, lambdaEndpoint string) error {
	config, err := json.Marshal(map[string]any{
		"LambdaClient": map[string]any{
			"endpoint":    lambdaEndpoint,
			"region":      Region,
			"credentials": map[string]string{"accessKeyId": "local", "secretAccessKey": "local"},
			"maxRetries":  0,
		},
		"TriggerFunctions": map[string]string{"UserMigration": TriggerFunction},
		"UserPoolDefaults": map[string]any{"UsernameAttributes": []string{}},
		"ServerConfig":     map[string]any{"hostname": "127.0.0.1", "port": port},
	})
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(folder, ".cognito"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, ".cognito", "config.json"), config, 0o600)
}

// Close stops the process and the Lambda endpoint.
func (c *CognitoLocal) Close() {
	c.server.Stop()
	_ = c.lambda.Close()
}

// Pool is a user pool of the destination.
type Pool struct {
	ID, ClientID string
}

// NewPool creates a user pool and an app client. For an unknown user the pool
// invokes the function: a handler of Lambda's Invoke operation, with the name
// [TriggerFunction].
func (c *CognitoLocal) NewPool(ctx context.Context, function http.Handler) (Pool, error) {
	pool, err := c.admin.CreateUserPool(ctx, &cognitoidentityprovider.CreateUserPoolInput{
		PoolName: aws.String("destination-" + randomID()),
	})
	if err != nil {
		return Pool{}, fmt.Errorf("destination user pool: %w", err)
	}
	client, err := c.admin.CreateUserPoolClient(ctx, &cognitoidentityprovider.CreateUserPoolClientInput{
		UserPoolId:        pool.UserPool.Id,
		ClientName:        aws.String("app"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth},
	})
	if err != nil {
		return Pool{}, fmt.Errorf("destination app client: %w", err)
	}
	made := Pool{ID: aws.ToString(pool.UserPool.Id), ClientID: aws.ToString(client.UserPoolClient.ClientId)}
	c.mu.Lock()
	c.triggers[made.ID] = function
	c.mu.Unlock()
	return made, nil
}

// serveInvoke passes an event on to the function of its user pool: one
// cognito-local has one trigger for all of them.
func (c *CognitoLocal) serveInvoke(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "cannot read the event", http.StatusBadRequest)
		return
	}
	var event struct {
		UserPoolID string `json:"userPoolId"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, "the event is not JSON", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	function := c.triggers[event.UserPoolID]
	c.mu.Unlock()
	if function == nil {
		http.Error(w, "no function for this user pool", http.StatusNotFound)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	function.ServeHTTP(w, r)
}
