CREATE TABLE wp_users (ID bigint unsigned PRIMARY KEY, user_login varchar(60) NOT NULL DEFAULT '', user_pass varchar(255) NOT NULL DEFAULT '', user_nicename varchar(50) NOT NULL DEFAULT '', user_email varchar(100) NOT NULL DEFAULT '', user_status int NOT NULL DEFAULT 0, display_name varchar(250) NOT NULL DEFAULT '', KEY (user_login)) COLLATE utf8mb4_unicode_520_ci;
{{range .}}INSERT INTO wp_users VALUES ({{.N}}, '{{.Name}}', {{.SQL}}, '{{.Name}}', '{{.Email}}', 0, 'Hanako');
{{end}}
