package redis

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"stockproof/adapters/redis/command"
)

// request is a command on its way.
type request struct {
	*redis.Cmd
	server string // the node of a Cluster that it was given to last; "" = none was found
}

// NoRetry keeps a Cluster client from sending a pipeline again after a timeout or a lost connection;
// its MaxRetries does not. MOVED and ASK are followed all the same.
func (*request) NoRetry() bool { return true }

func newRequest(ctx context.Context, c command.Command, source bool) *request {
	if c.Script == nil {
		args := make([]any, len(c.Args))
		for i, a := range c.Args {
			args[i] = a
		}
		return &request{Cmd: redis.NewCmd(ctx, args...)}
	}
	args := make([]any, 0, 3+len(c.Keys)+len(c.Args))
	if source {
		args = append(args, "EVAL", c.Script.Source)
	} else {
		args = append(args, "EVALSHA", c.Script.SHA)
	}
	args = append(args, len(c.Keys))
	for _, k := range c.Keys {
		args = append(args, k)
	}
	for _, a := range c.Args {
		args = append(args, a)
	}
	return &request{Cmd: redis.NewCmd(ctx, args...)}
}

// outcome is the reply as package command wants it, or the error of a request that got none.
func (q *request) outcome() (any, error) {
	reply, err := q.Result()
	var refused redis.Error
	switch {
	case err == nil:
		return reply, nil
	case errors.Is(err, redis.Nil):
		return nil, nil
	case errors.As(err, &refused):
		return command.Error(refused.Error()), nil
	}
	return nil, err
}

// dialError marks what went wrong before there was a connection: nothing was sent.
type dialError struct{ err error }

func (e *dialError) Error() string { return "dial: " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// Dialer makes a connection.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// tagDial marks what goes wrong in dial, or in a TCP dialer where that is nil.
func tagDial(dial Dialer, timeout time.Duration) Dialer {
	if dial == nil {
		dial = (&net.Dialer{Timeout: timeout}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, &dialError{err}
		}
		return conn, nil
	}
}

// neverSent reports whether err came before the command could be written.
func neverSent(err error) bool {
	var dial *dialError
	return errors.As(err, &dial) || errors.Is(err, redis.ErrPoolTimeout) ||
		errors.Is(err, redis.ErrPoolExhausted) || errors.Is(err, redis.ErrClosed)
}

// stamp is a hook of one node of a Cluster that writes its address on what it is given.
type stamp string

func (stamp) DialHook(next redis.DialHook) redis.DialHook { return next }

func (stamp) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (s stamp) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, c := range cmds {
			if q, ok := c.(*request); ok {
				q.server = string(s)
			}
		}
		return next(ctx, cmds)
	}
}
