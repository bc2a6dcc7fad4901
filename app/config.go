package app

import (
	"flag"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"madoguchi/app/watch"
	"madoguchi/store/crypt"
	"madoguchi/store/replica"
)

// Config says where things are. What it does not set is in litestream.yml (how
// copies are kept) and in the settings (how the town works).
type Config struct {
	Data       string // folder of the database
	Public     string // address of the resident site
	Console    string // address of the staff console
	TrustProxy bool   // a proxy in front says whether the visitor came by TLS

	Mail MailConfig // which mail server is used, if any

	// Replica is where the copies go; replica is how it was written.
	Replica replica.Target
	replica string

	Metrics  string         // address for monitoring, "" for none
	Identity string         // file with the identity that opens encrypted copies
	Confirm  replica.Policy // when a write counts as done
	Peer     string         // address of the other machine's resident site, "" for none

	Alert  watch.Channels // whom to tell what is wrong
	Limits watch.Limits   // and when
}

// Database is the path of the database file.
func (c Config) Database() string { return filepath.Join(c.Data, "madoguchi.db") }

// option is one value of Config: a flag, and the same in the environment.
type option struct {
	name, fallback, meaning string
	set                     func(*Config, string) error
	get                     func(Config) string
}

func (o option) variable() string {
	return "MADOGUCHI_" + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
}

var (
	optData = option{name: "data", fallback: "./data", meaning: "データを置くフォルダ",
		set: text(func(c *Config) *string { return &c.Data }), get: func(c Config) string { return c.Data }}
	optPublic = option{name: "public", fallback: "127.0.0.1:8080", meaning: "住民サイトの待受けアドレス",
		set: address(func(c *Config) *string { return &c.Public }), get: func(c Config) string { return c.Public }}
	optConsole = option{name: "console", fallback: "127.0.0.1:8081", meaning: "職員用画面の待受けアドレス",
		set: address(func(c *Config) *string { return &c.Console }), get: func(c Config) string { return c.Console }}
	optReplica = option{name: "replica", fallback: "", meaning: "複製先のフォルダまたはURL（省略時はデータの隣の「フォルダ名-replica」）",
		set: func(c *Config, v string) error { c.replica = v; return nil }, get: func(c Config) string { return c.Replica.String() }}
	optTrustProxy = option{name: "trust-proxy", fallback: "false", meaning: "前段のプロキシが付けるX-Forwarded-Protoを信じる（true/false）",
		set: func(c *Config, v string) (err error) {
			if c.TrustProxy, err = strconv.ParseBool(v); err != nil {
				return fmt.Errorf("true か false を指定してください")
			}
			return nil
		}, get: func(c Config) string { return strconv.FormatBool(c.TrustProxy) }}
)

var (
	optIdentity = option{name: "identity", fallback: "", meaning: "暗号化した複製を開く鍵ファイル（madoguchi keys make で作ったもの）",
		set: func(c *Config, v string) error { c.Identity = v; return nil }, get: func(c Config) string { return c.Identity }}
	optMetrics = option{name: "metrics", fallback: "", meaning: "監視（Prometheus）の待受けアドレス（省略時は待ち受けない）",
		set: func(c *Config, v string) error {
			if v == "" {
				return nil
			}
			return address(func(c *Config) *string { return &c.Metrics })(c, v)
		}, get: func(c Config) string { return c.Metrics }}
	optConfirm = option{name: "confirm", fallback: "", meaning: "書込みの確定: local この機械に書けたら、provisional 複製先にも書けたら（届かない間は仮受付）、refuse 同じ（届かない間は断る）。省略時はフォルダなら local、s3:// なら provisional",
		set: func(c *Config, v string) error {
			if c.Confirm = replica.Policy(v); v != "" && !slices.Contains(replica.Policies, c.Confirm) {
				return fmt.Errorf("local、provisional、refuse のどれかを指定してください")
			}
			return nil
		}, get: func(c Config) string { return string(c.Confirm) }}
)

var allOptions = append([]option{optData, optPublic, optConsole, optReplica, optIdentity, optConfirm, optMetrics, optTrustProxy}, slices.Concat(mailOptions, alertOptions)...)

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v == "" {
			return fmt.Errorf("空にはできません")
		}
		*field(c) = v
		return nil
	}
}

func address(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		_, port, err := net.SplitHostPort(v)
		if err != nil {
			return fmt.Errorf("「アドレス:ポート」の形で指定してください（例 127.0.0.1:8080）")
		}
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return fmt.Errorf("ポートは0から65535までの数字で指定してください")
		}
		*field(c) = v
		return nil
	}
}

// configure reads defaults, then the environment, then flags, and checks
// everything: each wrong value is named, all at once. extra adds a command's
// own flags. The rest of the arguments is returned.
func configure(s Surroundings, c command, extra func(*flag.FlagSet)) (Config, []string, error) {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(s.Out)
	fs.Usage = func() { fmt.Fprint(s.Out, c.help(fs)) }
	given := map[string]*string{}
	for _, o := range c.options {
		given[o.name] = fs.String(o.name, o.fallback, o.meaning+"（環境変数 "+o.variable()+"）")
	}
	if extra != nil {
		extra(fs)
	}
	rest, err := parse(fs, s.Args)
	if err != nil {
		return Config{}, nil, err
	}
	fromFlag := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { fromFlag[f.Name] = true })
	var cfg Config
	var wrong []string
	for _, o := range c.options {
		value, from := *given[o.name], "--"+o.name
		if v := environment(o.variable()); v != "" && !fromFlag[o.name] {
			value, from = v, o.variable()
		}
		if err := o.set(&cfg, value); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s「%s」: %v", from, value, err))
		}
	}
	wrong = append(wrong, cfg.complete(c)...)
	if len(wrong) > 0 {
		return cfg, nil, usageError{"次の指定を直してください。\n  " + strings.Join(wrong, "\n  ")}
	}
	return cfg, rest, nil
}

// parse allows flags after the words of a command too, as in
// "staff add hanako 花子 --role clerk".
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	var words []string
	quiet := &strings.Builder{}
	for {
		out := fs.Output()
		fs.SetOutput(quiet) // the usage text alone, without the package's English sentence
		usage := fs.Usage
		asked := false
		fs.Usage = func() { asked = true }
		err := fs.Parse(args)
		fs.SetOutput(out)
		fs.Usage = usage
		if err == flag.ErrHelp {
			usage()
			return nil, err
		}
		if err != nil || asked {
			return nil, wrongUsage("指定を読み取れません: %v", err)
		}
		if fs.NArg() == 0 {
			return words, nil
		}
		words = append(words, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// complete fills what depends on other values and checks what they must be together.
func (c *Config) complete(cmd command) []string {
	var wrong []string
	if c.Public != "" && c.Public == c.Console && !strings.HasSuffix(c.Public, ":0") {
		wrong = append(wrong, "--public と --console: 同じアドレスは使えません")
	}
	wrong = append(wrong, c.Mail.wrong()...)
	wrong = append(wrong, c.wrongAlerts()...)
	if !cmd.has(optReplica.name) || c.Data == "" {
		return wrong
	}
	if c.replica == "" {
		c.replica = filepath.Clean(c.Data) + "-replica"
	}
	var err error
	if c.Replica, err = replica.Parse(c.replica); err != nil {
		return append(wrong, fmt.Sprintf("--replica: %v", err))
	}
	if c.Identity != "" {
		ids, err := crypt.ReadIdentities(c.Identity)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("--identity: %v", err))
		}
		c.Replica = c.Replica.With(ids)
	}
	if c.Confirm == "" {
		c.Confirm = replica.Local
		if c.Replica.Folder() == "" {
			c.Confirm = replica.Provisional
		}
	}
	if inside(c.Replica.Folder(), c.Data) || inside(c.Data, c.Replica.Folder()) {
		wrong = append(wrong, "--replica: データのフォルダの中や上には置けません（一緒に失われます）")
	}
	return wrong
}

// inside reports whether folder a is b or lies in it; false when either is no folder.
func inside(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	x, errX := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	if errX != nil || errY != nil {
		return false
	}
	rel, err := filepath.Rel(y, x)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
