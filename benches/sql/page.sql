\set size random(0, 2)
\set province random(1, :provinces)
\set district random(1, 3)
\set commune random(1, 8)
SELECT json_agg(json_build_object(
    'code', cadre.code, 'fullName', cadre.full_name, 'gender', cadre.gender, 'category', cadre.category,
    'post', (
        SELECT json_build_object('unit', unit.code, 'unitName', version.name, 'title', title.code, 'titleName', title.name)
        FROM assignment AS post
        JOIN unit ON unit.id = post.unit_id
        JOIN unit_version AS version ON version.unit_id = unit.id
        JOIN title ON title.code = post.title_code
        WHERE post.cadre_id = cadre.id AND post.is_primary
          AND post.start_on <= current_date AND (post.end_on IS NULL OR post.end_on > current_date)
        ORDER BY post.start_on DESC LIMIT 1
    ),
    'qualifications', (
        SELECT json_agg(json_build_object(
            'subject', held.subject_code, 'level', held.level_code, 'institution', institution.name,
            'mode', held.mode, 'grantedOn', held.granted_on))
        FROM qualification AS held
        LEFT JOIN institution ON institution.code = held.institution_code
        WHERE held.cadre_id = cadre.id
    ),
    'rotations', (
        SELECT json_agg(json_build_object(
            'form', rotation.form, 'direction', rotation.direction, 'state', rotation.state,
            'startOn', rotation.start_on, 'endOn', rotation.end_on, 'decisionNo', rotation.decision_no,
            'from', left_unit.code, 'fromName', left_version.name, 'to', new_unit.code, 'toName', new_version.name))
        FROM rotation
        JOIN unit AS left_unit ON left_unit.id = rotation.from_unit_id
        JOIN unit_version AS left_version ON left_version.unit_id = left_unit.id
        JOIN unit AS new_unit ON new_unit.id = rotation.to_unit_id
        JOIN unit_version AS new_version ON new_version.unit_id = new_unit.id
        WHERE rotation.cadre_id = cadre.id
    )
)) FROM (
    SELECT * FROM cadres_holding(CASE :size::int
    WHEN 0 THEN 'P' || lpad(:province::text, 4, '0') || '-H0' || :district::text || '-X0' || :commune::text
    WHEN 1 THEN 'P' || lpad(:province::text, 4, '0')
    ELSE 'VN'
END, 'POLITICAL_THEORY', 'INTERMEDIATE') LIMIT 50
) AS cadre;
