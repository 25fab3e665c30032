package redis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
)

// Options say which Redis, and how long to wait for it.
type Options struct {
	// Addrs is the one server, host:port, or some servers of the Cluster to learn the others from.
	Addrs   []string
	Cluster bool

	Dialer             Dialer // default TCP
	Username, Password string
	PoolSize           int           // connections per server; default 10 per processor
	DialTimeout        time.Duration // default 1 s
	// Timeout is for the write and for the replies of a call; default 2 s. A context's earlier
	// deadline wins.
	Timeout time.Duration
}

// Speed implements [port.Speed]. It is safe for concurrent use.
type Speed struct {
	client redis.UniversalClient
	addrs  string // for errors of what was never sent
	single bool
}

var _ port.Speed = (*Speed)(nil)

// New makes a client. It does not connect: the first call does.
func New(o Options) *Speed {
	if o.DialTimeout == 0 {
		o.DialTimeout = time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	u := &redis.UniversalOptions{
		Addrs:                 o.Addrs,
		IsClusterMode:         o.Cluster,
		Username:              o.Username,
		Password:              o.Password,
		Dialer:                tagDial(o.Dialer, o.DialTimeout),
		DialTimeout:           o.DialTimeout,
		DialerRetries:         1,
		ReadTimeout:           o.Timeout,
		WriteTimeout:          o.Timeout,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1,
		PoolSize:              o.PoolSize,
		PipelinePoolSize:      -1, // everything is a pipeline: one pool
		Protocol:              2,  // no push messages to sort out of replies
		DisableIdentity:       true,
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
		},
	}
	s := &Speed{addrs: strings.Join(o.Addrs, ","), single: !o.Cluster}
	if s.single {
		s.client = redis.NewClient(u.Simple())
		return s
	}
	cluster := redis.NewClusterClient(u.Cluster())
	cluster.OnNewNode(func(node *redis.Client) { node.AddHook(stamp(node.Options().Addr)) })
	s.client = cluster
	return s
}

// Close ends the connections. Calls that run end with an error.
func (s *Speed) Close() error { return s.client.Close() }

// DiscardClientLog silences what go-redis prints to stderr in this whole process, such as failed
// dials: every failure is also returned, with its class. For main functions.
func DiscardClientLog() { redis.SetLogger(discard{}) }

type discard struct{}

func (discard) Printf(context.Context, string, ...any) {}

// Do implements [port.Speed].
func (s *Speed) Do(ctx context.Context, ops ...port.SpeedOp) error {
	if len(ops) == 0 {
		return nil
	}
	cmds, err := command.All(ops)
	if err != nil {
		return command.FailAll(ops, err)
	}
	if err := ctx.Err(); err != nil {
		first := cmds[0]
		return command.FailAll(ops,
			fmt.Errorf("redis %s: %s %q: not sent: %w", s.addrs, first.Name, first.Key(), err))
	}
	sent := make([]*request, len(cmds))
	for i, c := range cmds {
		sent[i] = newRequest(ctx, c, false)
	}
	s.exec(ctx, sent)
	var again []*request
	for i, q := range sent {
		if redis.HasErrorPrefix(q.Err(), "NOSCRIPT") {
			sent[i] = newRequest(ctx, cmds[i], true)
			again = append(again, sent[i])
		}
	}
	s.exec(ctx, again)
	for i, q := range sent {
		ops[i].SpeedOp().Err = s.accept(cmds[i], q)
	}
	return command.Worst(ops)
}

// exec sends one pipeline. Its own error is the first of its commands' errors, and not looked at:
// every command's own is.
func (s *Speed) exec(ctx context.Context, qs []*request) {
	if len(qs) == 0 {
		return
	}
	pipe := s.client.Pipeline()
	for _, q := range qs {
		_ = pipe.Process(ctx, q) // only queues
	}
	_, _ = pipe.Exec(ctx)
}

// accept puts the reply, or the failure, of one command into its operation.
func (s *Speed) accept(c command.Command, q *request) error {
	reply, err := q.outcome()
	if err == nil {
		err = c.Accept(reply)
	} else {
		class := port.ErrUnknown
		if neverSent(err) || !s.single && q.server == "" {
			class = port.ErrUnavailable
		}
		err = c.Fail(class, err)
	}
	if err == nil {
		return nil
	}
	server := q.server
	if server == "" {
		server = s.addrs
	}
	return fmt.Errorf("redis %s: %w", server, err)
}
