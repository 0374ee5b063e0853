CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY, email varchar(255), encrypted_password varchar(255), email_confirmed_at timestamptz, phone text DEFAULT NULL, phone_confirmed_at timestamptz, raw_user_meta_data jsonb, is_sso_user boolean NOT NULL DEFAULT false, banned_until timestamptz, deleted_at timestamptz);
CREATE TABLE auth.mfa_factors (id uuid PRIMARY KEY, user_id uuid NOT NULL, status text NOT NULL);
{{range .}}INSERT INTO auth.users VALUES (gen_random_uuid(), '{{.Email}}', {{.SQL}}, now(), NULL, NULL, '{"full_name": "Hanako"}', false, NULL, NULL);
{{end}}
