package stub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Client leads a stub that runs in another process.
type Client struct {
	// Control is [Addresses.Control].
	Control string
}

// Set changes what the stub answers from now on.
func (c Client) Set(ctx context.Context, settings Settings) error {
	return c.do(ctx, http.MethodPost, "/settings", encode(settings), nil)
}

// CloseIdle closes every connection on which nothing is under way, as servers do
// with those that were idle for long.
func (c Client) CloseIdle(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/close-idle", nil, nil)
}

// Counts are what came since the stub started.
func (c Client) Counts(ctx context.Context) (Counts, error) {
	var counts Counts
	err := c.do(ctx, http.MethodGet, "/counts", nil, &counts)
	return counts, err
}

func (c Client) do(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.Control+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("stub: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("stub: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("stub: %s: %s", path, response.Status)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("stub: %s: %w", path, err)
	}
	return nil
}
