package staff

// Permission is one thing that a member of staff may do (権限). Every console
// route names one.
type Permission string

// The permissions.
const (
	MaySeeToday     Permission = "see_today"
	MayReadList     Permission = "read_list"
	MayCorrectRead  Permission = "correct_reading" // 訂正読込
	MaySetUpIntake  Permission = "set_up_intake"   // 読取り形式、交付区分
	MaySearch       Permission = "search"
	MayCheckIn      Permission = "check_in"
	MayListBookings Permission = "list_bookings"
	MayExtract      Permission = "extract_bookings"
	MayBook         Permission = "book"
	MayOverbook     Permission = "overbook"
	MayMoveMany     Permission = "move_many" // a whole slot or day, with mails to everyone
	MayIssue        Permission = "issue"
	MayWriteNotes   Permission = "write_notes"
	MayCorrect      Permission = "correct"
	MayRelease      Permission = "release_sign_in"
	MayTakeLists    Permission = "take_lists"
	MaySeeMail      Permission = "see_mail"
	MayAnnounce     Permission = "announce" // お知らせ、よくある質問
	MayOwnPassword  Permission = "own_password"
	MayManageStaff  Permission = "manage_staff"
	MaySetUpCounter Permission = "set_up_counter"
	MayWatchSystem  Permission = "watch_system" // システムの状態、警報
)

// Role is a named set of permissions (役割).
type Role string

// The roles.
const (
	Administrator Role = "administrator"
	Clerk         Role = "clerk"
)

// Label is the role's name on the screen.
func (r Role) Label() string {
	switch r {
	case Administrator:
		return "管理者"
	case Clerk:
		return "担当者"
	}
	return string(r)
}

var permissions = map[Role]map[Permission]bool{
	Clerk: {
		MaySeeToday: true, MayReadList: true, MaySearch: true, MayCheckIn: true, MayListBookings: true, MayBook: true, MayMoveMany: true,
		MayIssue: true, MayWriteNotes: true, MayCorrect: true, MayRelease: true, MayOwnPassword: true,
		MayTakeLists: true, MaySeeMail: true,
	},
	Administrator: {
		MaySeeToday: true, MayReadList: true, MaySearch: true, MayCheckIn: true, MayListBookings: true, MayBook: true, MayMoveMany: true,
		MayIssue: true, MayWriteNotes: true, MayCorrect: true, MayRelease: true, MayOwnPassword: true,
		MayCorrectRead: true, MaySetUpIntake: true,
		MayExtract: true, MayOverbook: true, MayManageStaff: true, MaySetUpCounter: true,
		MayTakeLists: true, MaySeeMail: true, MayAnnounce: true, MayWatchSystem: true,
	},
}

// May reports whether the role includes a permission.
func (r Role) May(p Permission) bool { return permissions[r][p] }
