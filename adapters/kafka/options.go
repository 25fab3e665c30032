package kafka

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Options are a connection's settings. The zero value of a field means its default.
type Options struct {
	// Seeds are host:port of some of the brokers. Required.
	Seeds []string
	// ClientID names the process in the brokers' logs, and its group members.
	ClientID string
	// Dialer replaces net.Dialer.DialContext.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
	// SessionTimeout is how long the group waits for a silent member before it evicts it. Default
	// 45 s. The broker bounds it (group.min.session.timeout.ms).
	SessionTimeout time.Duration
	// HeartbeatInterval is how soon a member learns of a rebalance. Default a fifteenth of the
	// session timeout: 3 s.
	HeartbeatInterval time.Duration
	// RebalanceTimeout is how long the group waits for a member to hand over. A revocation waits for
	// Release three quarters of it. Default 60 s.
	RebalanceTimeout time.Duration
	// ProduceLinger is how long a batch waits for records of other Produce calls. Default 0.
	ProduceLinger time.Duration
	// RequestTimeout bounds Produce, Commit, End and Join where the context allows longer. Fetch and
	// Claim wait as long as the context does. Default 30 s.
	RequestTimeout time.Duration
	// FetchMaxWait is how long a broker may hold a fetch that finds nothing. A partition that begins
	// to be read can wait as long for the others' fetch to return. Default 500 ms, as Kafka's.
	FetchMaxWait time.Duration
	// BufferRecords is how many fetched records of one partition wait for Fetch before the partition
	// is paused. Default 5 000.
	BufferRecords int
	// MaxRecordBytes bounds key, value and headers of one record. Default 1 000 000, just below
	// what franz-go and Kafka put into one batch by default.
	MaxRecordBytes int
	// Extra goes to every client, last: TLS, SASL, loggers.
	Extra []kgo.Opt
}

func (o Options) withDefaults() Options {
	setDefault(&o.ClientID, "stockproof")
	setDefault(&o.SessionTimeout, 45*time.Second)
	setDefault(&o.HeartbeatInterval, o.SessionTimeout/15)
	setDefault(&o.RebalanceTimeout, time.Minute)
	setDefault(&o.RequestTimeout, 30*time.Second)
	setDefault(&o.FetchMaxWait, 500*time.Millisecond)
	setDefault(&o.BufferRecords, 5_000)
	setDefault(&o.MaxRecordBytes, 1_000_000)
	return o
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (o *Options) seeds() string { return strings.Join(o.Seeds, ",") }

// client makes a franz-go client with what all of them share.
func (o *Options) client(opts ...kgo.Opt) (*kgo.Client, error) {
	all := []kgo.Opt{
		kgo.SeedBrokers(o.Seeds...),
		kgo.ClientID(o.ClientID),
		kgo.MetadataMinAge(100 * time.Millisecond), // how soon a moved leader is found
		kgo.DisableClientMetrics(),
	}
	if o.Dialer != nil {
		all = append(all, kgo.Dialer(o.Dialer))
	}
	all = append(all, opts...)
	return kgo.NewClient(append(all, o.Extra...)...)
}

// bounded is ctx, ended at the latest after the request timeout.
func (o *Options) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, o.RequestTimeout)
}
