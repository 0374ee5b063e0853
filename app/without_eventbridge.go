//go:build noeventbridge

package app

import "errors"

func openEventBridge(sinkParts) (recorder, error) {
	return nil, errors.New("this binary was built without eventbridge (build tag noeventbridge)")
}
