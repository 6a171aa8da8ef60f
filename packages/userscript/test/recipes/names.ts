/** Source column to target column. */
export const columnNames: Readonly<Record<string, string>> = {
  emp_id: 'employee_id',
  emp_name: 'employee_name',
};
