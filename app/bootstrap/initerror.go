package bootstrap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// typeInit is the type of an error at start.
const typeInit = "Runtime.InvalidConfiguration"

// reportInitError tells Lambda why the function could not start
// ("Initialization error", AWS Lambda Runtime API). The address of the runtime
// API is host and port, from AWS_LAMBDA_RUNTIME_API. The operator's log and the
// invoker see the text, so the error must not contain secrets.
func reportInitError(ctx context.Context, runtimeAPI string, fault error) error {
	body, err := json.Marshal(map[string]any{
		"errorMessage": fault.Error(),
		"errorType":    typeInit,
		"stackTrace":   []string{},
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		"http://"+runtimeAPI+"/2018-06-01/runtime/init/error", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/vnd.aws.lambda.error+json")
	request.Header.Set("Lambda-Runtime-Function-Error-Type", typeInit)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("init error: %w", err)
	}
	if err := response.Body.Close(); err != nil {
		return fmt.Errorf("init error: %w", err)
	}
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("init error: the runtime API returned %s", response.Status)
	}
	return nil
}
