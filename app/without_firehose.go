//go:build nofirehose

package app

import "errors"

func openFirehose(sinkParts) (recorder, error) {
	return nil, errors.New("this binary was built without firehose (build tag nofirehose)")
}
