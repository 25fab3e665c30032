package postgres

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// Options say where the truth is and how to talk to it.
type Options struct {
	// DSN is a connection string as pgx reads it: a URL or keyword=value pairs. Required.
	DSN string
	// MaxConns is the largest number of connections; 0 = 4 or the number of CPUs, whichever is larger.
	// A call waits while all of them are busy.
	MaxConns int32
	// ApplicationName appears in pg_stat_activity; empty = "stockproof".
	ApplicationName string
	// ConnectTimeout bounds one attempt to connect; 0 = 5 s.
	ConnectTimeout time.Duration
	// Dial replaces the network; nil = TCP with keepalives. With it, names are not looked up.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Truth is port.Truth on PostgreSQL. Safe for concurrent use.
type Truth struct {
	pool  *pgxpool.Pool
	where string // host:port/database
}

var _ port.Truth = (*Truth)(nil)

// Open prepares a pool. It does not connect: a server that is away shows as ErrUnavailable in the
// first call. The error is of the DSN.
func Open(o Options) (*Truth, error) {
	config, err := o.config()
	if err != nil {
		return nil, fmt.Errorf("open truth: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("open truth %s: %w", where(config), err)
	}
	return &Truth{pool: pool, where: where(config)}, nil
}

// Pool is the pool of connections, for Migrate and for queries that no port has.
func (t *Truth) Pool() *pgxpool.Pool { return t.pool }

// Close ends the connections; it waits for those that are in use.
func (t *Truth) Close() { t.pool.Close() }

func (o Options) config() (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(o.DSN)
	if err != nil {
		return nil, err
	}
	c := config.ConnConfig
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	c.ConnectTimeout = o.ConnectTimeout
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	if c.RuntimeParams["application_name"] = o.ApplicationName; o.ApplicationName == "" {
		c.RuntimeParams["application_name"] = "stockproof"
	}
	if o.Dial != nil {
		c.DialFunc = o.Dial
		c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}
	c.OnNotice = noteWarning
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		muteCancels(c)
		return nil
	}
	config.AfterConnect = prepareSession
	// A call is one round trip: a connection that died while idle shows in the call itself.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	return config, nil
}

// where names the server in errors.
func where(c *pgxpool.Config) string {
	return fmt.Sprintf("postgres %s:%d/%s", c.ConnConfig.Host, c.ConnConfig.Port, c.ConnConfig.Database)
}

// prepareSession runs [sql.Session], without leaving a prepared statement for it.
func prepareSession(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, sql.Session, pgx.QueryExecModeExec)
	return err
}

// Begin implements [port.Truth].
func (t *Truth) Begin() port.Tx { return &tx{truth: t} }

// Do implements [port.Truth]: without BEGIN, a pipeline is one implicit transaction.
func (t *Truth) Do(ctx context.Context, batch ...port.Statement) error {
	queries, err := bindAll(batch)
	if err != nil || len(batch) == 0 {
		return err
	}
	conn, err := t.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	writes := slices.ContainsFunc(queries, func(q sql.Query) bool { return q.Writes })
	p := pipeline{queries: queries, writes: writes}
	if err := p.run(ctx, conn.Conn()); err != nil {
		if dropsConnection(err) {
			hangUp(conn.Conn().PgConn())
		}
		return fmt.Errorf("%s: %w", t.where, err)
	}
	return nil
}

func (t *Truth) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := t.pool.Acquire(ctx)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() == nil:
		err = classifyConnect(err)
	}
	return nil, fmt.Errorf("%s: connect: %w", t.where, err)
}

func bindAll(batch []port.Statement) ([]sql.Query, error) {
	queries := make([]sql.Query, len(batch))
	for i, s := range batch {
		var err error
		if queries[i], err = sql.Bind(s); err != nil {
			return nil, err
		}
	}
	return queries, nil
}
