// Package lambdatrigger is the driving adapter: it reads Cognito's event and
// returns it with the response. Only this package knows Cognito's JSON, the
// error texts that a client may see, and Cognito's timeout. It imports domain
// and ports, and declares the interface that it calls.
package lambdatrigger

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/zap"
)

// CognitoWait is Cognito's timeout for a trigger (cognito-facts 14). The
// function's own timeout does not extend it.
const CognitoWait = 5 * time.Second

// Migrator decides one attempt.
type Migrator interface {
	// Migrate returns the decision, or an error when nothing was decided. It
	// returns before the context's deadline.
	Migrate(ctx context.Context, attempt domain.Attempt) (domain.Decision, error)
}

// Options are the choices of a [Handler].
type Options struct {
	// Explain returns an error with the reason for a refusal, instead of an
	// empty response.
	Explain bool
	// PassEvent gives the event to the sources, by the context.
	PassEvent bool
}

// Handler answers Cognito's user migration trigger. It works on bytes, because
// Cognito expects unknown fields of the event back unchanged.
type Handler struct {
	migrator Migrator
	logger   *zap.Logger
	options  Options
	// spent is the part of the first attempt's time that the cold start used, in
	// nanoseconds.
	spent atomic.Int64
}

// New returns a handler that calls the migrator.
func New(migrator Migrator, logger *zap.Logger, options Options) *Handler {
	return &Handler{migrator: migrator, logger: logger, options: options}
}

// Invoke implements Lambda's handler. It returns errors with fixed texts; the log
// has the cause.
func (h *Handler) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.wait())
	defer cancel()
	requestID := requestIDOf(ctx)
	logger := h.logger.With(zap.String("requestId", requestID))
	defer func() {
		// Without this, Lambda would log the panic's value and end the process.
		if thrown := recover(); thrown != nil {
			logger.Error("the handler panicked", zap.String("panic", fmt.Sprintf("%T", thrown)))
			answer, err = nil, publicError(TypeFailure, TextFailure)
		}
	}()

	event, err := decode(payload)
	if err != nil {
		logger.Error("the event was rejected", zap.Error(err), zap.Int("bytes", len(payload)))
		if other, ok := errors.AsType[*unsupportedTriggerError](err); ok {
			return nil, publicError(TypeUnsupported, other.Error())
		}
		return nil, publicError(TypeMalformed, TextMalformed)
	}
	if h.options.PassEvent {
		ctx = ports.WithEvent(ctx, payload)
	}
	decision, err := h.migrator.Migrate(ctx, event.attempt(requestID))
	if err != nil {
		logger.Error("the attempt failed", zap.Error(err))
		return nil, publicError(TypeFailure, TextFailure)
	}
	return h.answer(event, decision)
}

// Started records the duration of the process's start. Cognito waits during a
// cold start, so the first attempt has less time. At most half of the time is
// subtracted; Started returns the subtracted time.
func (h *Handler) Started(took time.Duration) time.Duration {
	charged := min(took, CognitoWait/2)
	h.spent.Store(int64(charged))
	return charged
}

// wait returns how long Cognito will still wait.
func (h *Handler) wait() time.Duration {
	return CognitoWait - time.Duration(h.spent.Swap(0))
}

func (h *Handler) answer(event *event, decision domain.Decision) ([]byte, error) {
	if decision.Verdict != domain.Migrate {
		if h.options.Explain {
			return nil, publicError(TypeRefusal, RefusalText(decision.Reason))
		}
		return event.answer([]byte(refusal)), nil
	}
	return event.answer(encode(decision.User)), nil
}

// requestIDOf returns Lambda's request ID, or an empty string outside Lambda.
func requestIDOf(ctx context.Context) string {
	if lambdaContext, ok := lambdacontext.FromContext(ctx); ok {
		return lambdaContext.AwsRequestID
	}
	return ""
}
