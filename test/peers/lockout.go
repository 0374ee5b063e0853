package peers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// LockoutTable is a DynamoDB table of the destination account that counts tries,
// as the templates make it.
type LockoutTable struct {
	// Name is the table's name; URL is its address for the function.
	Name, URL string
	// Function are credentials with the permissions of the function in the
	// templates, and no more.
	Function aws.Credentials

	admin  *dynamodb.Client
	front  *httptest.Server
	writes atomic.Int64
	broken atomic.Pointer[http.HandlerFunc]
}

// NewLockoutTable creates a table, and credentials that may write to it. The table
// is behind a server that passes one request at a time. DynamoDB checks a condition
// and writes an item in one step; moto has threads without a lock and does not. The
// caller must call [LockoutTable.Close].
func (m *Moto) NewLockoutTable(ctx context.Context) (*LockoutTable, error) {
	target, err := url.Parse(m.URL)
	if err != nil {
		return nil, err
	}
	table := &LockoutTable{Name: "user-migration-lockout-" + randomID(), admin: dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(m.URL), Region: Region, HTTPClient: loopback,
		Credentials: credentials.StaticCredentialsProvider{Value: m.otherAdmin},
	})}
	if _, err := table.admin.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &table.Name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("nameDigest"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("nameDigest"), KeyType: types.KeyTypeHash}},
	}); err != nil {
		return nil, fmt.Errorf("lockout table: %w", err)
	}
	table.Function, err = m.newUser(ctx, m.otherAdmin, "function-"+randomID(), policy(statement{
		Effect: "Allow", Action: []string{"dynamodb:PutItem", "dynamodb:DeleteItem"}, Resource: "*",
	}))
	if err != nil {
		return nil, err
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var one sync.Mutex
	table.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		table.writes.Add(1)
		if broken := table.broken.Load(); broken != nil {
			// Only then is it noticed that the client waits no longer.
			_, _ = io.Copy(io.Discard, r.Body)
			(*broken)(w, r)
			return
		}
		one.Lock()
		defer one.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	table.URL = table.front.URL
	return table, nil
}

// Close stops what stands before the table.
func (l *LockoutTable) Close() {
	l.front.CloseClientConnections()
	l.front.Close()
}

// Break lets something else answer in the table's place; nil mends it.
func (l *LockoutTable) Break(how http.HandlerFunc) {
	if how == nil {
		l.broken.Store(nil)
		return
	}
	l.broken.Store(&how)
}

// Writes is how many requests the table was sent so far.
func (l *LockoutTable) Writes() int { return int(l.writes.Load()) }

// Items gives all that stands in the table, each item as one text.
func (l *LockoutTable) Items(ctx context.Context) ([]string, error) {
	answer, err := l.admin.Scan(ctx, &dynamodb.ScanInput{TableName: &l.Name})
	if err != nil {
		return nil, err
	}
	var items []string
	for _, item := range answer.Items {
		var text strings.Builder
		for name, value := range item {
			switch value := value.(type) {
			case *types.AttributeValueMemberS:
				text.WriteString(name + "=" + value.Value + " ")
			case *types.AttributeValueMemberN:
				text.WriteString(name + "=" + value.Value + " ")
			default:
				fmt.Fprintf(&text, "%s=%v ", name, value)
			}
		}
		items = append(items, text.String())
	}
	return items, nil
}

// Age makes every attempt of the table older, for tests that cannot wait.
func (l *LockoutTable) Age(ctx context.Context, by time.Duration) error {
	answer, err := l.admin.Scan(ctx, &dynamodb.ScanInput{TableName: &l.Name})
	if err != nil {
		return err
	}
	for _, item := range answer.Items {
		for _, name := range []string{"firstAt", "lastAt"} {
			number, ok := item[name].(*types.AttributeValueMemberN)
			if !ok {
				return fmt.Errorf("%s is %v", name, item[name])
			}
			at, err := strconv.ParseInt(number.Value, 10, 64)
			if err != nil {
				return err
			}
			item[name] = &types.AttributeValueMemberN{Value: strconv.FormatInt(at-by.Nanoseconds(), 10)}
		}
		if _, err := l.admin.PutItem(ctx, &dynamodb.PutItemInput{TableName: &l.Name, Item: item}); err != nil {
			return err
		}
	}
	return nil
}
