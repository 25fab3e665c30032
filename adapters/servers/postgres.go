package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PG is a running PostgreSQL 15.
type PG struct {
	// Dir is the server's directory: data/, the unix socket, and its log in "log".
	Dir string

	home      *home
	bin       string
	account   *syscall.Credential
	port      int
	settings  []string
	process   *process
	databases atomic.Int64
}

// defaults are what the design needs (logical decoding, CHECK at commit, durability). A later setting wins.
var defaults = []string{
	"wal_level=logical",
	"max_wal_senders=10",
	"max_replication_slots=10",
	"max_connections=200",
	"fsync=on",
	"synchronous_commit=on",
}

// Postgres starts a server for this test alone and removes it when the test ends. Settings are lines of
// postgresql.conf, as in "max_connections=50"; they win over the defaults of this package. The test is skipped when
// the Debian package postgresql-15 is not installed.
func Postgres(t testing.TB, settings ...string) *PG {
	t.Helper()
	pg, err := startPostgres(settings)
	require(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(logTail(pg.Dir))
		}
		pg.discard()
	})
	return pg
}

// DSN addresses the server's own database as superuser "postgres", over TCP, without a password.
func (p *PG) DSN() string { return p.dsn("postgres") }

func (p *PG) dsn(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", address(p.port), database)
}

// Stop is an orderly ("fast") shutdown: transactions are rolled back, a checkpoint is written.
func (p *PG) Stop() error { return p.end("stop", syscall.SIGINT) }

// Kill is a crash ("immediate" shutdown): connections break, nothing is flushed, the next start recovers from the
// log. It is not SIGKILL: backends outlive a postmaster killed so for a moment and would keep the next one from starting.
func (p *PG) Kill() error { return p.end("kill", syscall.SIGQUIT) }

func (p *PG) end(how string, sig syscall.Signal) error {
	if err := p.process.end(p.Dir, sig); err != nil {
		return fmt.Errorf("%s PostgreSQL at %s: %w", how, address(p.port), err)
	}
	return nil
}

// Restart starts the server again on the same port and data, stopping it in order first if it still runs.
func (p *PG) Restart() error {
	if err := p.Stop(); err != nil {
		return err
	}
	if err := p.start(); err != nil {
		return fmt.Errorf("restart PostgreSQL at %s: %w", address(p.port), err)
	}
	return nil
}

func startPostgres(settings []string) (*PG, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	h, err := newHome("pg")
	if err != nil {
		return nil, err
	}
	p := &PG{Dir: h.dir, home: h, bin: bin, settings: append(defaults[:len(defaults):len(defaults)], settings...)}
	if err := p.create(); err != nil {
		h.remove()
		return nil, fmt.Errorf("start PostgreSQL from %s: %w", bin, err)
	}
	return p, nil
}

// create makes the data directory and starts the server on the first port that is really free.
func (p *PG) create() error {
	if err := p.unprivileged(); err != nil {
		return err
	}
	initdb := exec.Command(filepath.Join(p.bin, "initdb"), "-D", p.data(), "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	p.run(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	for attempt := 1; ; attempt++ {
		port, err := freePort()
		if err != nil {
			return err
		}
		p.port = port
		err = p.start()
		if err == nil || !errors.Is(err, errPortTaken) || attempt == portAttempts {
			return err
		}
	}
}

// unprivileged hands the directory to user postgres when we are root, since PostgreSQL refuses root.
func (p *PG) unprivileged() error {
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("PostgreSQL refuses to run as root and there is no user to run it as: %w", err)
	}
	uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return fmt.Errorf("user postgres has no numeric ids: %w", err)
	}
	p.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(p.Dir, int(uid), int(gid)); err != nil {
		return fmt.Errorf("give %s to user postgres: %w", p.Dir, err)
	}
	return nil
}

// run prepares a PostgreSQL program: as the unprivileged user, in a directory that user may enter.
func (p *PG) run(cmd *exec.Cmd) {
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGOPTIONS=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.account}
}

func (p *PG) start() error {
	args := []string{"-D", p.data(), "-p", strconv.Itoa(p.port), "-k", p.Dir, "-h", "127.0.0.1"}
	for _, setting := range p.settings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(p.bin, "postgres"), args...)
	p.run(cmd)
	// A process group of its own: an interrupt typed at the terminal stops the test, and the test the server.
	cmd.SysProcAttr.Setpgid = true
	child, err := launch(p.Dir, cmd)
	if err != nil {
		return err
	}
	p.process = child
	if err := child.ready(p.Dir, p.answers); err != nil {
		return errors.Join(err, child.end(p.Dir, syscall.SIGQUIT))
	}
	return nil
}

// answers succeeds when the server on our port works on our data directory.
func (p *PG) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var data string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
		return err
	}
	if data != p.data() {
		return fmt.Errorf("%w by another server, of %s", errPortTaken, data)
	}
	return nil
}

func (p *PG) data() string { return filepath.Join(p.Dir, "data") }

// discard ends the server for good and removes its directory.
func (p *PG) discard() {
	_ = p.Kill() // nothing of it is kept, so how it ended does not matter
	p.home.remove()
}

// postgresBinaries finds PostgreSQL 15: where Debian puts it, else on the PATH.
func postgresBinaries() (string, error) {
	const debian = "/usr/lib/postgresql/15/bin"
	if _, err := os.Stat(filepath.Join(debian, "postgres")); err == nil {
		return debian, nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", &missing{"postgresql-15", "no " + debian + "/postgres, and no postgres on the PATH"}
	}
	version, err := exec.Command(path, "--version").Output()
	if err != nil || !strings.Contains(string(version), " 15.") {
		return "", &missing{"postgresql-15", fmt.Sprintf("%s is %q", path, strings.TrimSpace(string(version)))}
	}
	return filepath.Dir(path), nil
}
